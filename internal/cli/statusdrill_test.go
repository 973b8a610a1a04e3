package cli_test

import (
	"strings"
	"testing"
)

func TestTheLastDrillOfAnInstance(t *testing.T) {
	const began = `"begin":"$NOW","by":"alice"`
	for sentence, test := range map[string]struct{ told, text, json string }{
		"none yet": {`{"instances":{}}`, "  ‼ drill of hangzhou: none has succeeded yet\n", `"lastSuccess": null`},
		"well":     {`{"instances":{"hangzhou":{"lastSuccess":"$NOW","last":{` + began + `,"succeeded":true}}}}`, "  √ drill of hangzhou: succeeded 4 min ago, by alice\n", `"succeeded": true`},
		"not well, and before well": {
			`{"instances":{"hangzhou":{"lastSuccess":"2020-01-01T00:00:00Z","last":{` + began + `,"parts":[{"part":"images","outcome":"failed"},{"part":"pull","outcome":"skipped"}]}}}}`,
			"  × drill of hangzhou: not proven 4 min ago, by alice: images; the last success was ", `"images"`,
		},
		"long ago": {
			`{"instances":{"hangzhou":{"lastSuccess":"2020-01-01T00:00:00Z","last":{"begin":"2020-01-01T00:00:00Z","succeeded":true}}}}`,
			" days ago: play another\n", `"lastSuccess": "2020-01-01T00:00:00Z"`,
		},
		"of the primary, too": {`{"instances":{"zhangjiakou":{"lastSuccess":"$NOW","last":{` + began + `,"succeeded":true}}}}`, "  √ drill of zhangjiakou: succeeded 4 min ago", `"instance": "zhangjiakou"`},
		"in the future":       {`{"instances":{"hangzhou":{"lastSuccess":"2999-01-01T00:00:00Z"}}}`, "  ‼ drill of hangzhou: none has succeeded yet\n", `"lastSuccess": null`},
		"that can't be read":  {`{"instances":[]}`, "  ‼ the record of drills can't be read: ", `"problem": "the record of drills`},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := statusAPI(t)
			a[drillsPath] = toldOf(test.told)
			if _, got, _ := statusOf(t, a); !strings.Contains(got, test.text) {
				t.Errorf("got\n%s", got)
			}
			if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, test.json) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestStatusWithoutTheRecordOfDrills(t *testing.T) {
	a := statusAPI(t)
	delete(a, drillsPath)
	code, got, stderr := statusOf(t, a, "-o", "json")
	if code != 1 || !strings.Contains(got, `"drills": null`) || !strings.HasPrefix(stderr, "the record of drills can't be read: you lack the right to get configmaps/registry-failover-drills ") {
		t.Errorf("exit code %d\n%s\n%s", code, got, stderr)
	}
	a[drillsPath] = notFound
	if _, got, stderr := statusOf(t, a); !strings.Contains(got, "  ‼ drill of hangzhou: none has succeeded yet\n") || strings.Contains(stderr, "drill") {
		t.Errorf("%s\n%s", got, stderr)
	}
}
