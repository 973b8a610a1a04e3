package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// ofStuck is what the controller has told some minutes ago of the pods that wait.
const ofStuck = `"stuck":{"at":"$NOW","pods":0,"recreated":0,"list":[],"nodeCount":0,"nodes":[],"switch":"sha256:0","switchSince":"$NOW"}`

const manyStuck = `{"version":1,"stuck":{"at":"$NOW","pods":3,"recreated":12,"list":[` +
	`{"namespace":"shop","name":"ledger-0","owner":"StatefulSet/ledger","image":"cross-region.registry.io/demo/ledger:1","node":"node-a","since":"2026-11-20T02:00:00Z","left":"a container of it has run, or may have"},` +
	`{"namespace":"shop","name":"web-6d4f-x2x","owner":"Deployment/web","image":"cross-region.registry.io/demo/web:1","node":"node-b","since":"$NOW"}],` +
	`"nodeCount":2,"nodes":[{"node":"node-a","pods":4,"since":"$NOW"}],"switch":"sha256:0","switchSince":"$NOW"}}`

func TestWhichPodsWaitForAnImage(t *testing.T) {
	const lines = "  ‼ 3 pods wait in kubelet's back-off for an image of this endpoint:\n" +
		"    shop: StatefulSet/ledger: ledger-0 on node-a for 4 days: cross-region.registry.io/demo/ledger:1; left alone: a container of it has run, or may have\n" +
		"    shop: Deployment/web: web-6d4f-x2x on node-b for 4 min: cross-region.registry.io/demo/web:1\n" +
		"    and 1 more\n" +
		"  ‼ 2 nodes with pods that wait for a pull since before the switch:\n" +
		"    node-a: 4 pods, the first for 4 min\n" +
		"    and 1 more\n" +
		"  12 pods were made anew since the switch\n"
	for sentence, test := range map[string]struct{ told, text, json string }{
		"some":        {manyStuck, lines, `"left": "a container of it has run, or may have"`},
		"none":        {`{` + ofStuck + `}`, "what automatic mode does isn't known: the controller hasn't told yet\n  √ drill of", `"pods": 0`},
		"nothing yet": {`{"version":1}`, "what automatic mode does isn't known: the controller hasn't told yet\n  √ drill of", `"problem": "it isn't known which pods`},
		"long ago": {
			`{"stuck":{"at":"2020-01-01T00:00:00Z","pods":1,"list":[],"nodes":[]}}`,
			"  ‼ the pods that wait for an image as of 2020-01-01T00:00:00Z: that is old\n  ‼ 1 pod waits in kubelet's back-off for an image of this endpoint:\n    and 1 more\n", `"old": true`,
		},
		"with signs that a terminal obeys": {
			`{"stuck":{"at":"$NOW","pods":1,"list":[{"namespace":"n","name":"p\u001b","owner":"Pod/p","node":"m","image":"i","since":"$NOW"}]}}`,
			`n: Pod/p: "p\x1b" on m for 4 min: i`, `"pods": 1`,
		},
		"in a later format": {`{"stuck":{"at":5}}`, "  ‼ what the controller has told of pods that wait for an image can't be read: ", `"problem": "what the controller has told`},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := statusAPI(t)
			a[statusPath] = toldOf(test.told)
			if _, got, _ := statusOf(t, a); !strings.Contains(timeless(t, got), test.text) {
				t.Errorf("got\n%s", got)
			}
			if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, test.json) {
				t.Errorf("got\n%s", got)
			}
		})
	}
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("```\n"+lines+"```\n")) {
		t.Error("docs/status.md doesn't show these lines")
	}
}

func TestStatusWithoutTheRightToReadWhatIsToldOfPods(t *testing.T) {
	a := statusAPI(t)
	delete(a, statusPath)
	if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, `"stuck": null`) {
		t.Errorf("got\n%s", got)
	}
}
