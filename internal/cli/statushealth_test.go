package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// ofHealth is what the controller has told of the probers' findings some minutes ago.
const ofHealth = `"health":{"at":"$NOW","wanted":3,"fresh":3,"instances":[` +
	`{"instance":"hangzhou","network":"internal","level":"healthy","reason":"answers as itself","agree":3,"named":true,"latencyMillis":31,"since":"2026-11-20T02:00:00Z"},` +
	`{"instance":"hangzhou","network":"public","level":"disagreement","reason":"the probers don't agree: 1 say healthy, 1 say slow, 1 say unknown","agree":0,"latencyMillis":45,"since":"$NOW"},` +
	`{"instance":"zhangjiakou","network":"internal","level":"unreachable","reason":"can't be connected to: nothing came in time","agree":3,"since":"$NOW"},` +
	`{"instance":"zhangjiakou","network":"public","level":"slow","reason":"has not answered within 5s","agree":2,"since":"$NOW"}],"serving":[{"instance":"hangzhou","nodes":3}]},` + ofStuck

// toldOf is the ConfigMap with what the controller has told. $NOW is some minutes ago.
func toldOf(told string) corev1.ConfigMap {
	told = strings.ReplaceAll(told, "$NOW", time.Now().Add(-4*time.Minute-10*time.Second).UTC().Format(time.RFC3339))
	return corev1.ConfigMap{Data: map[string]string{shared: told}}
}

// timeless replaces what is different each time.
func timeless(t *testing.T, output string) string {
	t.Helper()
	output = regexp.MustCompile(`"(at|seenAt|since|readAt|switchSince|oldestReport|last|lastSuccess)": "[^"]+"`).ReplaceAllString(output, `"$1": "2026-11-24T02:00:00Z"`)
	return regexp.MustCompile(`for \d+ days`).ReplaceAllString(output, "for 4 days")
}

func TestWhatTheProbersFind(t *testing.T) {
	for sentence, test := range map[string]struct{ told, text, json string }{
		"nothing yet": {
			`{"version":1}`, "  ‼ the instances' health isn't known: nobody probes them, or the controller hasn't told yet\n", `"at": null`,
		},
		"long ago": {
			`{"health":{"at":"2020-01-01T00:00:00Z","fresh":1,"instances":[{"instance":"hangzhou","network":"internal","level":"healthy","reason":"answers as itself","agree":1,"since":"$NOW"}]}}`,
			"  ‼ the instances' health as of 2020-01-01T00:00:00Z: that is old\n  ‼ hangzhou/internal: healthy for 4 min, by 1 of 1 prober: answers as itself\n", `"old": true`,
		},
		"of an instance that is no more": {
			`{"health":{"at":"$NOW","instances":[{"instance":"gone","network":"internal","level":"healthy"}]}}`, "by reports of 0 of 0 probers\n  ‼ it isn't known which images", `"instances": []`,
		},
		"blindly": {
			`{"health":{"at":"$NOW","instances":[{"instance":"hangzhou","network":"public","level":"blind","reason":"0 of 3 \u001b","since":"$NOW"}]}}`,
			"  ‼ hangzhou/public: blind for 4 min: 0 of 3 \\x1b\n", `"level": "blind"`,
		},
		"who serves some nodes, and nobody others": {
			`{"health":{"at":"$NOW","fresh":6,"serving":[{"instance":"hangzhou","nodes":3},{"instance":"zhangjiakou","nodes":2},{"instance":"","nodes":1,"reason":"can't be connected to: \u001b"}],"instances":[]}}`,
			"  ‼ 3 of 6 probers are served by hangzhou under the name\n  ‼ 2 of 6 probers are served by zhangjiakou under the name\n" +
				"  × 1 of 6 probers is served by no instance under the name: can't be connected to: \\x1b\n",
			`"reason": "can't be connected to: \u001b"`,
		},
		"that another one than the switch names serves": {
			`{"health":{"at":"$NOW","fresh":1,"serving":[{"instance":"zhangjiakou","nodes":1}],"instances":[]}}`,
			"  ‼ 1 of 1 prober is served by zhangjiakou under the name\n", `"instance": "zhangjiakou"`,
		},
		"in a later format": {
			`{"version":9,"health":{"at":5}}`, "  ‼ what the controller has told of the instances' health can't be read: ", `"problem": "what the controller has told`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := statusAPI(t)
			a[statusPath] = toldOf(test.told)
			if _, got, _ := statusOf(t, a); !strings.Contains(got, test.text) {
				t.Errorf("got\n%s", got)
			}
			if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, test.json) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestStatusTellsTheRestWithoutTheRightToReadTheHealth(t *testing.T) {
	a := statusAPI(t)
	delete(a, statusPath)
	code, got, stderr := statusOf(t, a, "-o", "json")
	if code != 1 || !strings.Contains(got, `"health": null`) || !strings.Contains(got, `"cloud": null`) || !strings.HasPrefix(stderr, "you may not read the ConfigMap registry-failover-status, ") {
		t.Errorf("exit code %d\n%s\n%s", code, got, stderr)
	}
}
