package nodereport_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// golden is what testdata/lease/node-a.json reports.
var golden = nodereport.Report{
	Answers: map[string]nodereport.Answer{
		"cross-region.registry.io": {Switch: nodereport.Hash("hangzhou"), Target: "hangzhou/internal"},
		"other.registry.io":        {Switch: nodereport.Hash("privatezone"), Target: "privatezone"},
		"undecided.registry.io":    {},
	},
	Hosts: nodereport.Applied,
	Since: time.Date(2026, 11, 23, 1, 59, 58, 0, time.UTC),
	Findings: []string{
		"containerd asks https://mirror.example.com for cross-region.registry.io, as /etc/containerd/certs.d/_default/hosts.toml says: pulls don't go by the hosts file there",
	},
	Version: "v0.1.0",
}

type lease struct {
	Metadata struct {
		Labels, Annotations map[string]string
	}
}

func goldenLease(t *testing.T) lease {
	t.Helper()
	data, err := os.ReadFile("../../testdata/lease/node-a.json")
	if err != nil {
		t.Fatal(err)
	}
	var l lease
	if err := json.Unmarshal(data, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReportIsRenderedAsTheGoldenFile(t *testing.T) {
	l := goldenLease(t)
	if diff := cmp.Diff(l.Metadata.Annotations, golden.Annotations()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(l.Metadata.Labels, nodereport.Labels()); diff != "" {
		t.Error(diff)
	}
}

func TestGoldenFileIsReadAsTheReport(t *testing.T) {
	got, err := nodereport.Parse(goldenLease(t).Metadata.Annotations)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden, got); diff != "" {
		t.Error(diff)
	}
	if !got.Equal(golden) {
		t.Error("it is not Equal")
	}
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		annotations map[string]string
		want        nodereport.Report
		problem     string
	}{
		"unknown fields and annotations are ignored": {
			annotations: map[string]string{
				"registry-failover.io/answers": `{"a.example.com":{"switch":"sha256:00","target":"privatezone","since":{"x":[1]}}}`,
				"registry-failover.io/hosts":   "none", "registry-failover.io/version": "v9.0.0", "registry-failover.io/new": "{",
				"registry-failover.io/hosts-since": "yesterday", "registry-failover.io/findings": `["a",{}]`,
			},
			want: nodereport.Report{
				Answers: map[string]nodereport.Answer{"a.example.com": {Switch: "sha256:00", Target: "privatezone"}},
				Hosts:   "none", Version: "v9.0.0",
			},
		},
		"a Lease without annotations is no report": {problem: "are not both there"},
		"one without a word on the hosts file is none": {
			annotations: map[string]string{"registry-failover.io/answers": "{}"}, problem: "are not both there",
		},
		"damaged answers are an error": {
			annotations: map[string]string{"registry-failover.io/answers": `{"a":`, "registry-failover.io/hosts": "none"},
			problem:     "annotation registry-failover.io/answers is no JSON object",
		},
		"a list of answers is an error": {
			annotations: map[string]string{"registry-failover.io/answers": `[]`, "registry-failover.io/hosts": "none"},
			problem:     "annotation registry-failover.io/answers is no JSON object",
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := nodereport.Parse(test.annotations)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHashIgnoresSurroundingWhiteSpace(t *testing.T) {
	const want = "sha256:7b41fcf21fa8883770cfbd32c1a367301a1adfd7e9d47c1e0cddcbb2cc20f37d"
	if a, b := nodereport.Hash("hangzhou"), nodereport.Hash(" hangzhou\n"); a != want || b != want {
		t.Errorf("%s and %s", a, b)
	}
	if nodereport.Hash("hangzhou") == nodereport.Hash("hangzhou/internal") {
		t.Error("two values have one hash")
	}
}

func TestHostsSentenceIsOneShortLine(t *testing.T) {
	r := nodereport.Report{Hosts: "first\nsecond \xff " + strings.Repeat("ü", nodereport.MaxHostsBytes)}
	got := r.Annotations()[nodereport.HostsAnnotation]
	if !strings.HasPrefix(got, "first; second ? ü") || len(got) > nodereport.MaxHostsBytes || !utf8.ValidString(got) || strings.Contains(got, "\n") {
		t.Errorf("it is %q", got)
	}
}

func TestFindingsAreFewAndShort(t *testing.T) {
	r := nodereport.Report{Hosts: "none", Findings: slices.Repeat([]string{"a\n" + strings.Repeat("ü", 1000)}, 100)}
	got, err := nodereport.Parse(r.Annotations())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != nodereport.MaxFindings || len(got.Findings[0]) > nodereport.MaxHostsBytes || !strings.HasPrefix(got.Findings[0], "a; ü") {
		t.Errorf("they are %q", got.Findings)
	}
}

// Whatever stands in the annotations, reading it doesn't panic, and what could
// be read is read again from what is rendered of it.
func FuzzParse(f *testing.F) {
	f.Add(`{"a.example.com":{"switch":"sha256:00","target":"privatezone"}}`, "applied", "v1.0.0")
	f.Add(`{"a":null}`, "why\nnot", "")
	f.Add(`null`, " ", "")
	f.Fuzz(func(t *testing.T, answers, hosts, version string) {
		r, err := nodereport.Parse(map[string]string{
			nodereport.AnswersAnnotation: answers, nodereport.HostsAnnotation: hosts, nodereport.VersionAnnotation: version,
		})
		if err != nil || strings.TrimSpace(hosts) == "" {
			return
		}
		again, err := nodereport.Parse(r.Annotations())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Annotations(), again.Annotations()); diff != "" {
			t.Error(diff)
		}
	})
}
