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

// imagesPath is the list of images that not every instance has.
const imagesPath = "/api/v1/namespaces/registry-failover/configmaps/registry-failover-images"

// ofReadiness is what the controller has told of the images some minutes ago.
const ofReadiness = `"readiness":{"at":"$NOW","complete":true,"images":120,"instances":[` +
	`{"instance":"hangzhou","present":116,"stale":1,"missing":2,"unreadable":1,"unknown":0,"untried":0,"share":0.9667,"podsBlocked":14},` +
	`{"instance":"zhangjiakou","present":120,"stale":0,"missing":0,"unreadable":0,"unknown":0,"untried":0,"share":1,"podsBlocked":0}],` +
	`"conditions":[{"type":"StandbyReady","status":"False","reason":"PodsBlocked","message":"hangzhou lacks 3 of 120 images (1 for want of a credential): 14 pods could not start","lastTransitionTime":"2026-11-24T01:00:00Z"}]}`

func TestWhichImagesTheInstancesHave(t *testing.T) {
	for sentence, test := range map[string]struct{ told, text, json string }{
		"all": {
			`{"readiness":{"at":"$NOW","complete":true,"images":1,"instances":[{"instance":"hangzhou","present":1,"share":1}]}}`, "  √ hangzhou has all of 1 image\n", `"complete": true`,
		},
		"as of long ago": {
			`{"readiness":{"at":"2020-01-01T00:00:00Z","complete":true,"images":1,"instances":[{"instance":"hangzhou","present":1,"share":1}]}}`,
			"  ‼ what images the instances have is as of 2020-01-01T00:00:00Z: that is old\n  ‼ hangzhou has all of 1 image\n", `"old": true`,
		},
		"of which the first are looked up": {
			`{"readiness":{"at":"$NOW","images":2,"instances":[{"instance":"hangzhou","present":1,"unknown":1,"share":0.5}]}}`,
			"  ‼ the images are being looked up: what follows isn't complete yet\n  ‼ hangzhou has not told yet of 1 of 2 images\n", `"complete": false`,
		},
		"of one that is silent": {
			`{"readiness":{"at":"$NOW","complete":true,"images":1,"instances":[{"instance":"hangzhou","present":1,"share":1,"oldest":"2026-11-20T00:00:00Z","silent":"nothing \u001b came"}]}}`,
			` days old: nothing \x1b came`, `"silent": "nothing \u001b came"`,
		},
		"with credentials that nobody knows": {
			`{"readiness":{"at":"$NOW","complete":true,"images":3,"instances":[{"instance":"hangzhou","present":0,"unreadable":3,"untried":3,"share":0}]}}`,
			"  ‼ hangzhou wants a credential for 3 of 3 images, and it isn't known here which the pods have\n", `"untried": 3`,
		},
		"that is no more": {
			`{"readiness":{"at":"$NOW","complete":true,"images":1,"instances":[{"instance":"gone","present":1}]}}`, "1 node without", `"instances": []`,
		},
		"in a later format": {`{"readiness":{"at":5}}`, "  ‼ what is told of the images can't be read: ", `"problem": "what is told of the images can't be read`},
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

// listOf is the ConfigMap with the images that not every instance has.
func listOf(text string) corev1.ConfigMap {
	return corev1.ConfigMap{Data: map[string]string{shared: text}}
}

const lacking = `{"version":1,"at":"2026-11-24T02:00:00Z","images":[` +
	`{"image":"cross-region.registry.io/demo/web:1","digests":["sha256:1"],"pods":11,"workloads":["shop/Deployment/web","shop/CronJob/report"],"more":2,"findings":[` +
	`{"instance":"hangzhou","finding":"missing","reason":"the registry doesn't have it","since":"2020-11-20T00:00:00Z","at":"2026-11-24T02:00:00Z"},{"instance":"zhangjiakou","finding":"present"}]},` +
	`{"image":"cross-region.registry.io/demo/pay:2","digests":[],"pods":3,"workloads":["pay/StatefulSet/db"],"more":0,"findings":[` +
	`{"instance":"hangzhou","finding":"unreadable","reason":"none of the pods' pull secrets does: refused: it says 401 Unauthorized"},{"instance":"zhangjiakou","finding":"present"}]},` +
	`{"image":"cross-region.registry.io/demo/old:latest","digests":["sha256:2"],"pods":1,"workloads":["shop/DaemonSet/log"],"more":0,"findings":[` +
	`{"instance":"hangzhou","finding":"stale","reason":"it has sha256:3"},{"instance":"zhangjiakou","finding":"unknown"}]}],"leftOut":7}`

func TestGoldenFilesOfImages(t *testing.T) {
	a := statusAPI(t)
	a[imagesPath] = listOf(lacking)
	for file, args := range map[string][]string{"images.txt": {"--images"}, "images.json": {"--images", "-o", "json"}} {
		t.Run(file, func(t *testing.T) {
			code, got, stderr := statusOf(t, a, args...)
			if code != 1 || stderr != shared+": 10 images aren't present and equal on every instance\n" {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join("../../testdata/status", file), timeless(t, got))
		})
	}
}

func TestImagesWithoutSomething(t *testing.T) {
	full := listOf(`{"version":1,"at":"2026-11-24T02:00:00Z","images":[]}`)
	for sentence, test := range map[string]struct {
		list           any
		code           int
		stdout, stderr string
	}{
		"one that lacks": {full, 0, "  √ every instance has all images\n", ""},
		"a list": {
			metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound}, 1,
			"  ‼ it isn't known which images the instances have", "it isn't known which images the instances have",
		},
		"the right to read it":            {nil, 2, "", "you lack the right to get the ConfigMap registry-failover-images in the namespace registry-failover: "},
		"somebody who looks":              {full, 1, "  ‼ it isn't known which images the instances have: readiness.enabled is off", "readiness.enabled is off"},
		"somebody who looks since long":   {full, 1, "  ‼ what follows is as of 2020-01-01T00:00:00Z: that is old\n", "it isn't known which images the instances have now"},
		"the right to read how old it is": {full, 2, "", "you lack the right to get the ConfigMap registry-failover-status in the namespace registry-failover: "},
		"sense":                           {listOf(`{"images":5}`), 1, "  ‼ the list of images can't be read: ", "the list of images can't be read: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := statusAPI(t)
			if test.list != nil {
				a[imagesPath] = test.list
			}
			switch sentence {
			case "somebody who looks":
				a[statusPath] = toldOf(`{"version":1}`)
			case "somebody who looks since long":
				a[statusPath] = toldOf(`{"readiness":{"at":"2020-01-01T00:00:00Z","complete":true,"images":1}}`)
			case "the right to read how old it is":
				delete(a, statusPath)
			}
			code, stdout, stderr := statusOf(t, a, "--images")
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) || (stderr == "") != (test.stderr == "") {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
			}
		})
	}
}

func TestStatusPageShowsTheImages(t *testing.T) {
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("../../testdata/status/images.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, list) {
		t.Error("docs/status.md doesn't show testdata/status/images.txt")
	}
}
