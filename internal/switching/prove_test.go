package switching

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// outline is a proof in one line.
func outline(p Proof) string {
	text := fmt.Sprintf("%d/%d switched, %d moved, %d/%d served by %s", p.Switched, p.Nodes, p.Moved, p.Served, p.Probers, p.Serving)
	for _, n := range p.Waiting {
		text += "; waiting: " + n.Node
	}
	for _, n := range p.Away {
		text += "; away: " + n.Node
	}
	for _, n := range p.Others {
		text += "; " + n.Node + ": " + n.Text
	}
	switch {
	case p.Proven:
		text += "; proven"
	case p.Refuted:
		text += "; refuted: " + p.Problem
	default:
		text += "; " + p.Problem
	}
	return text
}

// from is a view in which another value stood.
func from(v View, value string) View {
	v.Probers = slices.Clone(v.Probers)
	v.Switch = &corev1.ConfigMap{Data: map[string]string{shared: value}}
	return v
}

func TestWhatProvesASwitch(t *testing.T) {
	const wave = "to: hangzhou\nfrom: privatezone\nshare: 10"
	for sentence, test := range map[string]struct {
		value, serving string
		edit           func(c *Claim, v *View)
		want           string
	}{
		"every node, and whoever is asked there": {"hangzhou", "hangzhou", nil, "3/3 switched, 3 moved, 3/3 served by hangzhou; proven"},
		"back, the primary":                      {"privatezone", "zhangjiakou", nil, "3/3 switched, 3 moved, 3/3 served by zhangjiakou; proven"},
		"back, and PrivateZone leads elsewhere": {
			"privatezone", "hangzhou", nil,
			"3/3 switched, 3 moved, 0/3 served by zhangjiakou; node-a: its prober is served by hangzhou: it was asked; node-g: its prober is served by hangzhou: it was asked; node-j: its prober is served by hangzhou: it was asked; refuted: 0 of 3 probers are served by zhangjiakou",
		},
		"of a wave the moved nodes' probers": {
			wave, "zhangjiakou", func(_ *Claim, v *View) { v.Probers[1] = aProber("node-g", "hangzhou", noon, healthreport.Healthy) },
			"3/3 switched, 1 moved, 1/1 served by hangzhou; proven",
		},
		"not what one of them says": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) { v.Probers[2] = aProber("node-j", "", noon, healthreport.Healthy) },
			"3/3 switched, 3 moved, 2/3 served by hangzhou; node-j: its prober is served by nobody: it was asked; 2 of 3 probers are served by hangzhou",
		},
		"not a report from before the switch": {
			"hangzhou", "zhangjiakou", func(c *Claim, v *View) { c.Since = *v },
			"3/3 switched, 3 moved, 0/3 served by hangzhou; node-a: its prober is served by zhangjiakou: it was asked; node-g: its prober is served by zhangjiakou: it was asked; node-j: its prober is served by zhangjiakou: it was asked; 0 of 3 probers are served by hangzhou",
		},
		"by another network, not a report from before that tells of the same instance": {
			"hangzhou/public", "hangzhou", func(c *Claim, v *View) { c.Since = from(*v, "hangzhou") },
			"3/3 switched, 3 moved, 0/3 served by hangzhou; node-a: its prober has not reported since; node-g: its prober has not reported since; node-j: its prober has not reported since; 0 of 3 probers are served by hangzhou",
		},
		"by another network, reports since": {
			"hangzhou/public", "hangzhou", func(c *Claim, v *View) {
				c.Since = from(*v, "hangzhou")
				for n, name := range nodes {
					v.Probers[n] = aProber(name, "hangzhou", noon.Add(time.Second), healthreport.Healthy)
				}
			}, "3/3 switched, 3 moved, 3/3 served by hangzhou; proven",
		},
		"of the next wave, a report from before on a node that was moved already": {
			"to: hangzhou\nfrom: privatezone\nshare: 40", "hangzhou", func(c *Claim, v *View) {
				c.Since = from(*v, wave)
				v.Probers[2] = aProber("node-j", "hangzhou", noon.Add(time.Second), healthreport.Healthy)
			}, "3/3 switched, 2 moved, 2/2 served by hangzhou; proven",
		},
		"without probers the nodes": {"hangzhou", "hangzhou", func(_ *Claim, v *View) { v.Probers = nil }, "3/3 switched, 3 moved, 0/0 served by hangzhou; proven"},
		"a prober that is gone doesn't count": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) {
				v.Probers[0] = aProber("node-a", "zhangjiakou", noon.Add(-time.Second-healthreport.Fresh), healthreport.Healthy)
			}, "3/3 switched, 3 moved, 2/2 served by hangzhou; proven",
		},
		"a prober whose clock is ahead silences no other": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) {
				v.Probers[0] = aProber("node-a", "hangzhou", noon.Add(time.Hour), healthreport.Healthy)
				v.Probers[2] = aProber("node-j", "", noon, healthreport.Healthy)
			}, "3/3 switched, 3 moved, 2/3 served by hangzhou; node-j: its prober is served by nobody: it was asked; 2 of 3 probers are served by hangzhou",
		},
		"of two probers on a node the newer": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) {
				replaced := aProber("node-a", "zhangjiakou", noon.Add(-time.Second), healthreport.Healthy)
				replaced.Name = "replaced"
				v.Probers = append(v.Probers, replaced)
			}, "3/3 switched, 3 moved, 3/3 served by hangzhou; proven",
		},
		"a node that has not applied it": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) { v.Leases[1] = applied(t, "node-g", "privatezone") },
			"2/3 switched, 3 moved, 3/3 served by hangzhou; waiting: node-g; 2 of 3 nodes switched",
		},
		"a node that is not ready is not waited for": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) {
				v.Nodes[1], v.Leases[1] = aNode("node-g", false), applied(t, "node-g", "privatezone")
				v.Probers[1] = aProber("node-g", "zhangjiakou", noon, healthreport.Healthy)
			}, "2/3 switched, 3 moved, 2/2 served by hangzhou; away: node-g; proven",
		},
		"a virtual node is none": {
			"hangzhou", "hangzhou", func(_ *Claim, v *View) {
				virtual := aNode("virtual", true)
				virtual.Labels = map[string]string{"type": "virtual-kubelet"}
				v.Nodes = append(v.Nodes, virtual)
			}, "3/3 switched, 3 moved, 3/3 served by hangzhou; proven",
		},
		"an older prober by the target's identity": {"hangzhou", "-", nil, "3/3 switched, 3 moved, 3/3 served by hangzhou; proven"},
		"an older prober not by a report from before": {
			"hangzhou", "-", func(c *Claim, v *View) { c.Since.Probers = v.Probers[:1] },
			"3/3 switched, 3 moved, 2/3 served by hangzhou; node-a: its prober has not reported since; 2 of 3 probers are served by hangzhou",
		},
		"an older prober not by a sick target": {
			"hangzhou", "-", func(_ *Claim, v *View) { v.Probers[0] = aProber("node-a", "-", noon, healthreport.Slow) },
			"3/3 switched, 3 moved, 2/3 served by hangzhou; node-a: its prober doesn't see hangzhou healthy; 2 of 3 probers are served by hangzhou",
		},
		"a report that can't be read is none": {
			"hangzhou", "-", func(_ *Claim, v *View) {
				v.Probers[0].Annotations = map[string]string{healthreport.HealthAnnotation: `{"version":1}`}
			},
			"3/3 switched, 3 moved, 2/3 served by hangzhou; node-a: its prober doesn't see hangzhou healthy; 2 of 3 probers are served by hangzhou",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := view(t, test.value, test.serving)
			c := Claim{Endpoint: endpoint, Step: step(t, test.value), Primary: "zhangjiakou"}
			if test.edit != nil {
				test.edit(&c, &v)
			}
			if diff := cmp.Diff(test.want, outline(Prove(c, v))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHealthWithoutAController(t *testing.T) {
	v := view(t, "privatezone", "-")
	v.Probers[0] = aProber("node-a", "-", noon, healthreport.Slow)
	level := func(wanted int) healthreport.Level {
		all := Health(v, endpoint, wanted)
		if len(all) != 4 || all[0].Instance != "hangzhou" || all[0].Network != string(zone.Internal) {
			t.Fatalf("%+v", all)
		}
		return all[0].Level
	}
	if got := level(0); got != healthreport.Healthy {
		t.Errorf("of 3 that are there, 2 say healthy: %s", got)
	}
	if got := level(6); got != healthquorum.Blind {
		t.Errorf("of 6 that should be there, 3 are: %s", got)
	}
	v.Now = noon.Add(healthreport.Fresh + time.Second)
	if got := level(3); got != healthquorum.Blind {
		t.Errorf("all reports are old: %s", got)
	}
}

func TestTheSentenceHasBothNumbers(t *testing.T) {
	p := Proof{Nodes: 3, Switched: 3, Moved: 3, Probers: 1, Served: 1, Serving: "hangzhou", Seconds: 4.26}
	if got := p.Sentence(); got != "3 of 3 nodes switched, 1 of 1 prober is served by hangzhou, in 4.3 s" {
		t.Error(got)
	}
	if got := (Proof{Nodes: 3, Switched: 3, Moved: 1}).Sentence(); got != "3 of 3 nodes switched, 1 of them moved, and no prober there tells who serves them, in 0.0 s" {
		t.Error(got)
	}
}
