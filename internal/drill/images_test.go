package drill

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/test/doctable"
)

func TestWhetherImagesCanBeRead(t *testing.T) {
	well := func(image string, seconds float64) readiness.DrilledImage {
		return readiness.DrilledImage{Image: image, Finding: readiness.Present, Seconds: map[string]float64{"manifest": seconds / 2, "blob": seconds / 2}}
	}
	missing := readiness.DrilledImage{Image: "x/old:1", Finding: "missing", Reason: "it isn't there"}
	stale := readiness.DrilledImage{Image: "x/new:1", Finding: "stale"}
	rows := [][]string{{"of the sample, with `failover.readyShare` 0.5", "`images`"}}
	for _, test := range []struct {
		sentence string
		answer   readiness.DrillAnswer
		ready    float64
		outcome  Outcome
		text     string
		slowest  time.Duration
	}{
		{
			"all were read", readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{well("a", 1), well("b", 2)}}, 0.5, Passed,
			"2 of 2 images were read with the pods' credentials, manifest and first layer, in 2.00 s each at most", 2 * time.Second,
		},
		{"all were read, which are fewer than asked for", readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{well("a", 1)}, Problem: "only 1 image of the endpoint is known here"}, 0.5, Passed, "1 of 1 image was read", time.Second},
		{"1 of 2 was read", readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{well("a", 1), missing}}, 0.5, Passed, "1 of 2 images were read", time.Second},
		{"1 of 3 was read", readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{well("a", 1), missing, stale}}, 0.5, Failed, "failover.readyShare wants 50 %", time.Second},
		{"not all were read in time", readiness.DrillAnswer{Images: []readiness.DrilledImage{well("a", 1)}, Problem: "it took too long"}, 0.5, Unknown, "1 of 1 image was read with the pods' credentials, and then no more: it took too long", time.Second},
		{"0 of 1 was read, with `failover.readyShare` 0", readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{missing}}, 0, Failed, "0 of 1 image was read", 0},
		{"11 of 20 were read, with `failover.readyShare` 0.55", readiness.DrillAnswer{Done: true, Images: append(slices.Repeat([]readiness.DrilledImage{well("a", 1)}, 11), slices.Repeat([]readiness.DrilledImage{missing}, 9)...)}, 0.55, Passed, "11 of 20", time.Second},
		{"there is none, as no workload names an image of the endpoint", readiness.DrillAnswer{Done: true, None: true, Problem: "only 0 images of the endpoint are known here"}, 0.5, Skipped, "no workload names an image of the endpoint", 0},
		{"there is none, as the workloads could not be listed", readiness.DrillAnswer{Done: true, Problem: "only 0 images of the endpoint are known here"}, 0.5, Unknown, "no image was read: only 0 images", 0},
		{"nobody answers", readiness.DrillAnswer{Problem: "it doesn't run"}, 0.5, Unknown, "no image was read: it doesn't run", 0},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			p, slowest := ReadImages(test.answer, test.ready)
			if p.Outcome != test.outcome || !strings.Contains(p.Text, test.text) || slowest != test.slowest {
				t.Errorf("%+v, %s", p, slowest)
			}
		})
		rows = append(rows, []string{test.sentence, marks[test.outcome]})
	}
	doctable.Check(t, page, "images", rows, *update)
	a := readiness.DrillAnswer{Done: true, Images: []readiness.DrilledImage{well("a", 1), missing, stale, well("b", 1)}}
	p, _ := ReadImages(a, 1)
	if diff := cmp.Diff([]string{"x/old:1: missing: it isn't there", "x/new:1: stale"}, p.Details); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, Chosen(a)); diff != "" {
		t.Error(diff)
	}
}
