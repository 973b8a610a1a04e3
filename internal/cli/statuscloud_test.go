package cli_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const statusPath = "/api/v1/namespaces/registry-failover/configmaps/registry-failover-status"

// ofZone is where the controller's DNS has PrivateZone lead.
const ofZone = `"privateZone":{"readAt":"$NOW","target":"zhangjiakou","network":"internal"}`

// ofCloud is a cluster whose controller reads PrivateZone, and has told this of
// it. $NOW is some minutes ago.
func ofCloud(t *testing.T, settings, told string) api {
	t.Helper()
	a := statusAPI(t)
	c := a[configPath].(corev1.ConfigMap)
	c.Data = map[string]string{"config.yaml": c.Data["config.yaml"] + "\nprivateZone: " + settings + "\ncredentials: {provider: ECSRAMRole}\n"}
	a[configPath], a[statusPath] = c, toldOf(told)
	return a
}

const failedOverByHand = `{"version":1,"privateZone":{"readAt":"$NOW","target":"hangzhou","network":"internal","findings":[` +
	`{"code":"NotPrimary","text":"the zone of the VPC vpc-bbbbb leads to 10.1.0.10, the instance hangzhou, and not to the primary zhangjiakou"}],` +
	`"error":"pvtz DescribeZones failed: Throttling.User"},` +
	`"writeBack":{"target":"hangzhou/internal","owner":"0a1b2c3d","original":"10.2.0.10","error":"the cloud is away"},` + ofHealth + `,` + ofAutomatic + `,` + ofReadiness + `}`

func TestGoldenFilesOfTheCloudsStatus(t *testing.T) {
	a := ofCloud(t, "{source: API, writeBack: true}", failedOverByHand)
	for file, args := range map[string][]string{"cloud.txt": nil, "cloud.json": {"-o", "json"}} {
		t.Run(file, func(t *testing.T) {
			code, got, stderr := statusOf(t, a, args...)
			if code != 1 || stderr != shared+": 2 of 3 nodes switched\n" {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join("../../testdata/status", file), timeless(t, got))
		})
	}
}

func TestStatusPageShowsTheCloudsLines(t *testing.T) {
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("../../testdata/status/cloud.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := bytes.Cut(golden, []byte("nodes lead to hangzhou/internal\n"))
	lines, _, _ = bytes.Cut(lines, []byte("1 node without"))
	if len(lines) == 0 || !bytes.Contains(page, lines) {
		t.Errorf("docs/status.md doesn't show these lines of testdata/status/cloud.txt:\n%s", lines)
	}
}

func TestWhatTheControllerTellsOfTheCloud(t *testing.T) {
	const api, both = "{source: API}", "{source: API, writeBack: true}"
	for sentence, test := range map[string]struct {
		settings, told string
		want           string // lines of the text
		json           string
	}{
		"as it should be": {
			api, `{"privateZone":{"readAt":"$NOW","target":"zhangjiakou"}}`,
			"  √ PrivateZone leads to the primary zhangjiakou, read 4 min ago\n", `"old": false`,
		},
		"an old reading": {
			api, `{"privateZone":{"readAt":"2020-01-01T00:00:00Z","target":"zhangjiakou","error":"cr is \u001b away"}}`,
			"  ‼ PrivateZone leads to the primary zhangjiakou, as of 2020-01-01T00:00:00Z: that is old\n  ‼ the last reading failed: cr is \\x1b away\n", `"old": true`,
		},
		"no reading at all": {
			api, `{"privateZone":{"error":"no credentials"}}`,
			"  ‼ PrivateZone could not be read yet\n  ‼ the last reading failed: no credentials\n", `"readAt": null`,
		},
		"nowhere that is known": {
			api, `{"privateZone":{"readAt":"$NOW"}}`,
			"  ‼ PrivateZone leads to no instance that is known, read 4 min ago\n", `"network": "",
        "findings": [],`,
		},
		"nothing yet": {
			both, "", "  ‼ what the controller has told of PrivateZone can't be read: unexpected end of JSON input\n", `"privateZone": null`,
		},
		"the record alone, in a dry run": {
			"{writeBack: true, dryRun: true}", `{` + ofZone + `,"writeBack":{"target":"privatezone","dryRun":{"privatezone":[],"hangzhou/internal":["pvtz:A","pvtz:B"]}}}`,
			"  √ PrivateZone leads to the primary zhangjiakou, read 4 min ago\n  a switch to hangzhou/internal would make 2 calls\n    pvtz:A\n    pvtz:B\n  a switch to privatezone would make 0 calls\n", `"writeBack": {`,
		},
		"a later format": {
			api, `{"version":9,"privateZone":{"readAt":5}}`,
			"  ‼ what the controller has told of PrivateZone can't be read: ", `"problem": "what the controller has told`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := ofCloud(t, test.settings, test.told)
			if _, got, _ := statusOf(t, a); !strings.Contains(got, "hangzhou/internal\n"+test.want) {
				t.Errorf("got\n%s", got)
			}
			if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, test.json) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestTheRestIsShownWithoutTheCloudsStatus(t *testing.T) {
	a := ofCloud(t, "{source: API}", failedOverByHand)
	for sentence, test := range map[string]struct {
		answer any // nil is no right
		stderr string
		json   string
	}{
		"the right": {nil, "you may not read the ConfigMap registry-failover-status, so that it isn't known what the controller tells: ", `"cloud": null`},
		"a ConfigMap": {
			metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound},
			"", `"problem": "the controller has told nothing of PrivateZone yet"`,
		},
		"an answer": {
			metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInternalError, Code: http.StatusInternalServerError},
			"what the controller tells can't be read: ", `"cloud": null`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if a[statusPath] = test.answer; test.answer == nil {
				delete(a, statusPath)
			}
			code, got, stderr := statusOf(t, a, "-o", "json")
			if code != 1 || !strings.Contains(got, test.json) || !strings.Contains(got, `"switched": 2`) || !strings.HasPrefix(stderr, test.stderr) {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, got, stderr)
			}
		})
	}
}
