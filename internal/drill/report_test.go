package drill

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/test/doctable"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const page = "../../docs/drill.md"

var (
	marks = map[Outcome]string{Passed: "√", Failed: "×", Unknown: "?", Skipped: "-"}
	yesNo = map[bool]string{true: "yes", false: "no"}
)

func outcomesOf(parts []Part) string {
	all := make([]string, 0, len(parts))
	for _, p := range parts {
		all = append(all, marks[p.Outcome]+" `"+string(p.Part)+"`")
	}
	return strings.Join(all, ", ")
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// compareGolden holds what was written against a golden file.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := "../../testdata/drill/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Error(diff)
	}
}

func part(name PartName, outcome Outcome) Part {
	return Part{Part: name, Outcome: outcome, Text: "so it is", Details: []string{}}
}

func TestWhenADrillHasSucceeded(t *testing.T) {
	rows := [][]string{{"a drill in which", "outcomes", "succeeds"}}
	for _, test := range []struct {
		sentence string
		parts    []Part
		want     bool
		wrong    []PartName
	}{
		{"what every failover needs is proven", []Part{part(Identity, Passed), part(Images, Passed)}, true, nil},
		{"no image runs", []Part{part(Identity, Passed), part(Images, Skipped)}, true, nil},
		{"nodes were led there, too", []Part{part(Identity, Passed), part(Images, Passed), part(Switch, Passed), part(Serving, Passed), part(Pull, Skipped)}, true, nil},
		{"images can't be read", []Part{part(Identity, Passed), part(Images, Failed)}, false, []PartName{Images}},
		{"nobody knows", []Part{part(Identity, Unknown), part(Images, Unknown)}, false, []PartName{Identity, Images}},
		{"a node doesn't follow", []Part{part(Identity, Passed), part(Images, Passed), part(Switch, Failed)}, false, []PartName{Switch}},
		{"one of what every failover needs is left out", []Part{part(Identity, Passed)}, false, nil},
		{"nothing was looked at", nil, false, nil},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			r := Report{Parts: test.parts}
			if r.Judge(); r.Succeeded != test.want {
				t.Errorf("succeeded is %v", r.Succeeded)
			}
			if diff := cmp.Diff(test.wrong, r.Wrong()); diff != "" {
				t.Error(diff)
			}
		})
		rows = append(rows, []string{test.sentence, outcomesOf(test.parts), yesNo[test.want]})
	}
	doctable.Check(t, page, "success", rows, *update)
}

func TestTextsAreShortEnoughToBeKept(t *testing.T) {
	r := Report{Parts: []Part{{Part: Images, Text: strings.Repeat("ü", 1000) + "\n", Details: strings.Split(strings.Repeat("line\n", 100), "\n")}}}
	r.Judge()
	if p := r.Parts[0]; len(p.Text) > maxText || !strings.HasSuffix(p.Text, "ü…") || len(p.Details) != MaxDetails || p.Details[MaxDetails-1] != "and 92 more" {
		t.Errorf("%d bytes, %q", len(p.Text), p.Details)
	}
}

func aReport() Report {
	r := Report{
		Endpoint: "cross-region.registry.io", Target: "hangzhou/internal", Instance: "hangzhou", Begin: noon, Seconds: 34.5, By: "alice",
		Parts:    []Part{part(Identity, Passed), {Part: Images, Outcome: Passed, Text: "19 of 20 images were read", Details: []string{"shop Deployment/web: x/web:1: missing: the registry doesn't have it"}}},
		Recovery: []Stage{{"detection", 18.5, FromSettings, "3 probes in a row fail"}, {"pull", 0.5, Measured, "the slowest"}},
	}
	r.Judge()
	return r
}

func TestTheGoldenRecord(t *testing.T) {
	old := noon.Add(-24 * time.Hour)
	record := Record{Version: version, Instances: map[string]Last{"zhangjiakou": {Success: &old}}}.With(aReport())
	compareGolden(t, "record.json", record.Encode())
	read, err := ReadRecord(record.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(record, read); diff != "" {
		t.Error(diff)
	}
}

func TestADrillThatFailsLeavesTheLastSuccess(t *testing.T) {
	record, _ := ReadRecord("")
	record = record.With(aReport())
	failed := aReport()
	failed.Begin, failed.Parts[0].Outcome = noon.Add(time.Hour), Failed
	failed.Judge()
	record = record.With(failed)
	at, there := record.LastSuccess("hangzhou", noon)
	if !there || !at.Equal(noon) || record.Instances["hangzhou"].Report.Begin.Equal(noon) {
		t.Errorf("%s %v, %+v", at, there, record.Instances["hangzhou"])
	}
}

func TestARecordStaysShortEnoughToBeRead(t *testing.T) {
	record, _ := ReadRecord("")
	for n := range 8 {
		r := aReport()
		r.Instance, r.By = fmt.Sprint("instance-", n), strings.Repeat("a", 70000)
		for p := range r.Parts {
			r.Parts[p].Text, r.Parts[p].Details = strings.Repeat("\x01", 1000), slices.Repeat([]string{strings.Repeat("\x01", 1000)}, 100)
		}
		r.Judge()
		r.Succeeded = true
		record = record.With(r)
	}
	read, err := ReadRecord(record.Encode())
	if err != nil || len(read.Instances) != 8 || read.Instances["instance-7"].Report == nil {
		t.Fatalf("%v, with %d instances", err, len(read.Instances))
	}
	for name, last := range read.Instances {
		if last.Success == nil {
			t.Errorf("%s has lost its last success", name)
		}
	}
}

func TestWhatIsNoSuccess(t *testing.T) {
	for sentence, text := range map[string]string{
		"no record":            "",
		"no drill":             `{"version":1,"instances":{"hangzhou":{"lastSuccess":null}}}`,
		"another instance's":   `{"version":1,"instances":{"zhangjiakou":{"lastSuccess":"2026-11-23T12:00:00Z"}}}`,
		"one in the future":    `{"version":1,"instances":{"hangzhou":{"lastSuccess":"2026-11-23T12:05:01Z"}}}`,
		"the beginning of all": `{"version":1,"instances":{"hangzhou":{"lastSuccess":"0001-01-01T00:00:00Z"}}}`,
		"null":                 "null",
	} {
		r, err := ReadRecord(text)
		if err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
		if at, there := r.LastSuccess("hangzhou", noon); there {
			t.Errorf("%s: %s", sentence, at)
		}
	}
	for _, text := range []string{"{", `{"instances":[]}`, `{"instances":{"a":{"lastSuccess":"yesterday"}}}`, strings.Repeat(" ", MaxBytes) + "{}"} {
		if _, err := ReadRecord(text); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// Whatever stands there, reading it doesn't panic, and what could be read is read again
// from what is written of it.
func FuzzReadRecord(f *testing.F) {
	f.Add(Record{}.With(aReport()).Encode())
	f.Add(`{"instances":{"a":{"last":{"parts":null}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadRecord(text)
		if err != nil {
			return
		}
		encoded := r.Encode()
		if len(encoded) > MaxBytes { // JSON may be longer than it was
			return
		}
		if _, err := ReadRecord(encoded); err != nil {
			t.Fatal(fmt.Errorf("%w: %s", err, encoded))
		}
	})
}
