package readiness

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// golden compares a format with its file, or with -update writes it. JSON is indented there.
func golden(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join("../../testdata/readiness", file)
	var indented bytes.Buffer
	must(t, json.Indent(&indented, []byte(text), "", "  "))
	indented.WriteByte('\n')
	if *update {
		must(t, os.WriteFile(path, indented.Bytes(), 0o644)) //nolint:gosec // a file of the repository
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Error(diff)
	}
}

// TestFormats has the texts that others read: the status, the list of images, and the answer
// to a drill.
func TestFormats(t *testing.T) {
	s := newShelf(t, "hangzhou", "zhangjiakou")
	s.survey(webPod("a"), podOf("shop", "b", controlledBy("StatefulSet", "db"), []string{"pull"}, shared+"/demo/db@"+digest))
	s.ask("hangzhou", "missing")
	s.ask("zhangjiakou", digest)
	status := s.Summary(shared, map[string]string{"hangzhou": "it doesn't answer: nothing came in time"}, s.now)
	condition := status.Condition("zhangjiakou", 0.95)
	condition.LastTransitionTime = s.now
	status.Conditions = append(status.Conditions, condition)
	text, err := json.Marshal(map[string]any{"version": 1, StatusKey: status})
	must(t, err)
	golden(t, "status.json", string(text))
	read, there, err := ParseStatus(string(text))
	if diff := cmp.Diff(status, read); diff != "" || !there || err != nil {
		t.Errorf("%v %v %s", there, err, diff)
	}

	images := s.Worst(shared, MaxImagesBytes)
	images.At = s.now
	golden(t, "images.json", images.Encode())

	answer := DrillAnswer{ID: "5c9b0e", At: s.now.Add(3 * time.Second), Done: true, Images: []DrilledImage{
		{Image: shared + "/demo/web:1", Finding: Present, Bytes: 8 << 20, Seconds: map[string]float64{"connect": 0.028, "tls": 0.061, "token": 0.084, "manifest": 0.059, "blob": 0.412}},
		{Image: shared + "/demo/db@" + digest, Finding: Missing, Reason: "the registry doesn't have it", Seconds: map[string]float64{"connect": 0.028, "tls": 0.061, "token": 0.084, "manifest": 0.03, "blob": 0}},
	}}
	golden(t, "answer.json", answer.Encode())
}

func TestStatusOfSomethingElse(t *testing.T) {
	for text, want := range map[string]struct{ there, fails bool }{
		"":                                {false, false},
		`{"version":1,"health":{}}`:       {false, false},
		`null`:                            {false, false},
		`{"readiness":null}`:              {false, false},
		`{"readiness":{"images":"many"}}`: {false, true},
		`{"readiness":{"images":3,"later":true}}`: {true, false},
	} {
		if _, there, err := ParseStatus(text); there != want.there || (err != nil) != want.fails {
			t.Errorf("%s: %v, %v", text, there, err)
		}
	}
}
