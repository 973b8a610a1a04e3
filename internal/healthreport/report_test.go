package healthreport

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// golden are the annotations of the golden file, which internal/prober writes.
func golden(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../testdata/health/lease.json")
	if err != nil {
		t.Fatal(err)
	}
	var lease struct {
		Metadata struct{ Labels, Annotations map[string]string }
	}
	if err := json.Unmarshal(text, &lease); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Labels(), lease.Metadata.Labels); diff != "" {
		t.Error(diff)
	}
	return lease.Metadata.Annotations
}

func TestTheGoldenFileIsReadAndWritten(t *testing.T) {
	want := golden(t)
	r, err := Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Instances) != 2 || r.Instances[0].Target() != "hangzhou/internal" || r.Instances[0].LatencyMillis != 12 ||
		!r.Instances[0].Named || r.Instances[1].Named || r.Version != "v0.1.0" {
		t.Errorf("%+v", r)
	}
	if s, told := r.Of("cross-region.registry.io"); !told || s.Instance != "hangzhou" || s.Reason != "by the node's hosts file" {
		t.Errorf("%+v", r.Serving)
	}
	if diff := cmp.Diff(want, r.Annotations()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsReadOfAReport(t *testing.T) {
	parse := func(text string) (Report, error) { return Parse(map[string]string{HealthAnnotation: text}) }
	for sentence, text := range map[string]string{
		"no JSON":             "x",
		"another type":        `{"version":1,"instances":{}}`,
		"a time that is none": `{"version":1,"instances":[{"since":"x"}]}`,
		"no version":          `{"instances":[]}`,
		"far too many names":  `{"version":1,"serving":[` + strings.Repeat("{},", MaxServing) + `{}]}`,
		"far too many":        `{"version":1,"instances":[` + strings.Repeat("{},", MaxInstances) + `{}]}`,
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s is read", sentence)
		}
	}
	if _, err := Parse(nil); err == nil || !strings.Contains(err.Error(), "within 30 seconds") {
		t.Errorf("%v", err)
	}
	r, err := parse(`{"version":2,"more":1,"instances":[{"level":"glorious","reason":"a\nb","more":1}]}`)
	if err != nil || r.Instances[0].Level != Unknown || r.Instances[0].Reason != `the level "glorious" is of another version` {
		t.Errorf("of a later version: %v, %+v", err, r)
	}
	r, err = parse(`{"version":1,"instances":[{"level":"slow","reason":"` + strings.Repeat("a ", 1000) + `"}]}`)
	if err != nil || len(r.Instances[0].Reason) > MaxReasonBytes {
		t.Errorf("a long reason: %v, %d bytes", err, len(r.Instances[0].Reason))
	}
}

func TestAReportStaysSmall(t *testing.T) {
	long := Report{}
	for range MaxInstances + 10 {
		long.Instances = append(long.Instances, Instance{
			Key: Key{strings.Repeat("e", 253), strings.Repeat("i", 63), "internal"}, Level: WrongIdentity, Reason: strings.Repeat("ä", 500), Since: time.Now(),
		})
	}
	annotations := long.Annotations()
	if n := len(annotations[HealthAnnotation]); n > 200<<10 { // an object's may have 256 KiB together
		t.Errorf("%d bytes", n)
	}
	r, err := Parse(annotations)
	if err != nil || len(r.Instances) != MaxInstances || !strings.HasSuffix(r.Instances[0].Reason, "ä…") || len(r.Instances[0].Reason) > MaxReasonBytes {
		t.Errorf("%v, %d", err, len(r.Instances))
	}
}

func TestLatencyAloneIsNoNews(t *testing.T) {
	a, _ := Parse(golden(t))
	b, _ := Parse(golden(t))
	b.Instances[0].LatencyMillis = 99
	if a.Differs(b) {
		t.Error("a latency is news")
	}
	for sentence, edit := range map[string]func(*Report){
		"a level":    func(r *Report) { r.Instances[0].Level = Slow },
		"a reason":   func(r *Report) { r.Instances[0].Reason = "" },
		"a time":     func(r *Report) { r.Instances[0].Since = time.Now() },
		"one more":   func(r *Report) { r.Instances = append(r.Instances, Instance{}) },
		"a version":  func(r *Report) { r.Version = "" },
		"a new name": func(r *Report) { r.Instances[0].Instance = "" },
	} {
		c, _ := Parse(golden(t))
		if edit(&c); !a.Differs(c) {
			t.Errorf("%s is no news", sentence)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"version":1,"instances":[{"endpoint":"e","instance":"i","network":"public","level":"slow","reason":"r","since":"2026-11-24T02:00:00Z","latencyMillis":1}]}`)
	f.Add(`{"version":1,"instances":[{"level":"\u0000","reason":"` + strings.Repeat("é", 200) + `"}]}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(map[string]string{HealthAnnotation: text})
		if err != nil {
			return
		}
		again, err := Parse(r.Annotations())
		if err != nil {
			t.Fatalf("what was read can't be written and read again: %v", err)
		}
		once := r.Annotations()
		if diff := cmp.Diff(once, again.Annotations()); diff != "" {
			t.Errorf("%s", diff)
		}
	})
}
