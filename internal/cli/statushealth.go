package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// healthStatus is what the probers find of the instances of one endpoint.
type healthStatus struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string `json:"problem"`
	// At is when the controller has last said so, nil where it never has.
	At *time.Time `json:"at"`
	// Old says that it should have said so again since.
	Old    bool `json:"old"`
	Wanted int  `json:"wanted"`
	Fresh  int  `json:"fresh"`
	// Serving is who answers under the endpoint's own name where probers are, most nodes first.
	Serving   []servingStatus  `json:"serving"`
	Instances []instanceHealth `json:"instances"`
}

type servingStatus struct {
	// Instance is empty for the nodes that none of the endpoint's serves.
	Instance string `json:"instance"`
	Nodes    int    `json:"nodes"`
	// Reason is why none does.
	Reason string `json:"reason"`
}

type instanceHealth struct {
	Instance string             `json:"instance"`
	Network  string             `json:"network"`
	Level    healthreport.Level `json:"level"`
	Reason   string             `json:"reason"`
	Since    time.Time          `json:"since"`
	// Agree is how many probers with a fresh report say so.
	Agree int `json:"agree"`
	// Named says that the instance has named itself to more than half of them.
	Named         bool  `json:"named"`
	LatencyMillis int64 `json:"latencyMillis"`
}

// judgeHealth reads what stands in the ConfigMap registry-failover-status, of the
// endpoints that are configured.
func judgeHealth(c *config.Config, data map[string]string, now time.Time) []healthStatus {
	all := []healthStatus{}
	for _, e := range c.Endpoints {
		s := healthStatus{Endpoint: e.Name, Serving: []servingStatus{}, Instances: []instanceHealth{}}
		var stands struct{ Health *healthquorum.Status }
		text, there := data[e.Name]
		err := json.Unmarshal([]byte(text), &stands)
		switch {
		case there && err != nil:
			s.Problem = "what the controller has told of the instances' health can't be read: " + err.Error()
		case stands.Health == nil:
			s.Problem = "the instances' health isn't known: nobody probes them, or the controller hasn't told yet"
		default:
			h := stands.Health
			s.At, s.Old, s.Wanted, s.Fresh = &h.At, now.Sub(h.At) > healthquorum.Old, h.Wanted, h.Fresh
			for _, v := range h.Serving {
				s.Serving = append(s.Serving, servingStatus(v))
			}
			for _, i := range h.Instances {
				if slices.ContainsFunc(e.Instances, func(c config.Instance) bool { return c.Name == i.Instance }) {
					s.Instances = append(s.Instances, instanceHealth{i.Instance, i.Network, i.Level, i.Reason, i.Since, i.Agree, i.Named, i.LatencyMillis})
				}
			}
		}
		all = append(all, s)
	}
	return all
}

func writeHealth(w io.Writer, e rollout.Endpoint, s healthStatus, now time.Time) {
	switch {
	case s.Problem != "":
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
		return
	case s.Old:
		fmt.Fprintf(w, "  ‼ the instances' health as of %s: that is old\n", s.At.Format(time.RFC3339))
	default:
		fmt.Fprintf(w, "  health as of %s ago, by reports of %d of %s\n", duration(now.Sub(*s.At)), s.Fresh, several(s.Wanted, "prober", "probers"))
	}
	for _, v := range s.Serving {
		writeServing(w, e, s, v)
	}
	for _, i := range s.Instances {
		target := zone.Target{Instance: i.Instance, Network: zone.Network(i.Network)}.String()
		mark, latency := "‼", ""
		switch {
		case i.Level.Bad():
			mark = "×"
		case i.Level == healthreport.Healthy && !s.Old:
			mark = "√"
		}
		if i.Level == healthreport.Healthy && i.LatencyMillis > 0 {
			latency = fmt.Sprintf(" in %d ms", i.LatencyMillis)
		}
		voices := ""
		if i.Agree > 0 {
			voices = fmt.Sprintf(", by %d of %s", i.Agree, several(s.Fresh, "prober", "probers"))
		}
		fmt.Fprintf(w, "  %s %s: %s for %s%s: %s%s\n", mark, visible(target), visible(string(i.Level)), duration(now.Sub(i.Since)), voices, escape(i.Reason), latency)
	}
}

// writeServing tells who serves some nodes. A finding that is old, or that the switch doesn't
// explain, is for people to judge.
func writeServing(w io.Writer, e rollout.Endpoint, s healthStatus, v servingStatus) {
	of := several(s.Fresh, "prober", "probers")
	if v.Instance == "" {
		fmt.Fprintf(w, "  × %d of %s %s served by no instance under the name: %s\n", v.Nodes, of, isOrAre(v.Nodes), escape(v.Reason))
		return
	}
	mark := "√"
	if s.Old || !e.Leads(v.Instance) || !e.IsPartial() && v.Nodes < s.Fresh {
		mark = "‼"
	}
	fmt.Fprintf(w, "  %s %d of %s %s served by %s under the name\n", mark, v.Nodes, of, isOrAre(v.Nodes), visible(v.Instance))
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// duration is how long something has lasted, for people.
func duration(d time.Duration) string {
	switch {
	case d < time.Hour:
		return age(d)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
