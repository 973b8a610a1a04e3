package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/writeback"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// cloudStatus is what the controller has told of one endpoint's PrivateZone.
type cloudStatus struct {
	Endpoint string `json:"endpoint"`
	Primary  string `json:"primary"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string `json:"problem"`
	// WriteBack is nil where the record isn't written.
	PrivateZone *zoneStatus      `json:"privateZone"`
	WriteBack   *writeBackStatus `json:"writeBack"`
}

type zoneStatus struct {
	// ReadAt is when the zones were read completely, nil where they never were.
	ReadAt *time.Time `json:"readAt"`
	// Old says that they should have been read since.
	Old bool `json:"old"`
	// Target is the instance that the zone of the cluster's VPC leads to, empty
	// where that isn't known, and Network by which network.
	Target   string                `json:"target"`
	Network  zone.Network          `json:"network"`
	Findings []cloudreader.Finding `json:"findings"`
	Error    string                `json:"error"`
}

type writeBackStatus struct {
	Target   string              `json:"target"`
	Original string              `json:"original"`
	Error    string              `json:"error"`
	DryRun   map[string][]string `json:"dryRun"`
}

// judgeCloud reads what stands in the ConfigMap registry-failover-status, of the
// endpoints that are configured.
func judgeCloud(c *config.Config, data map[string]string, now time.Time) []cloudStatus {
	all := []cloudStatus{}
	for _, e := range c.Endpoints {
		s := cloudStatus{Endpoint: e.Name, Primary: e.Primary}
		var stands struct {
			PrivateZone cloudreader.Status
			WriteBack   writeback.Status
		}
		if text, there := data[e.Name]; !there {
			s.Problem = "the controller has told nothing of PrivateZone yet"
		} else if err := json.Unmarshal([]byte(text), &stands); err != nil {
			s.Problem = "what the controller has told of PrivateZone can't be read: " + err.Error()
		}
		if z := stands.PrivateZone; s.Problem == "" {
			s.PrivateZone = &zoneStatus{
				Old: now.Sub(z.ReadAt) > cloudreader.Old, Target: z.Target, Network: z.Network, Findings: append([]cloudreader.Finding{}, z.Findings...), Error: z.Error,
			}
			if !z.ReadAt.IsZero() {
				s.PrivateZone.ReadAt = &z.ReadAt
			}
		}
		if w := stands.WriteBack; c.PrivateZone.WriteBack && s.Problem == "" {
			s.WriteBack = &writeBackStatus{Target: w.Target, Original: w.Original, Error: w.Error, DryRun: w.DryRun}
			if s.WriteBack.DryRun == nil {
				s.WriteBack.DryRun = map[string][]string{}
			}
		}
		all = append(all, s)
	}
	return all
}

func writeCloud(w io.Writer, s cloudStatus, now time.Time) {
	if s.Problem != "" {
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
	}
	if s.PrivateZone != nil {
		writeZone(w, *s.PrivateZone, s.Primary, now)
	}
	if s.WriteBack != nil {
		writeWriteBack(w, *s.WriteBack)
	}
}

func writeZone(w io.Writer, z zoneStatus, primary string, now time.Time) {
	mark, where := "‼", "no instance that is known"
	switch z.Target {
	case "":
	case primary:
		where = "the primary " + primary
		if !z.Old {
			mark = "√"
		}
	default:
		where = fmt.Sprintf("%s, and not to the primary %s", z.Target, primary)
	}
	switch {
	case z.ReadAt == nil:
		fmt.Fprintln(w, "  ‼ PrivateZone could not be read yet")
	case z.Old:
		fmt.Fprintf(w, "  ‼ PrivateZone leads to %s, as of %s: that is old\n", escape(where), z.ReadAt.Format(time.RFC3339))
	default:
		fmt.Fprintf(w, "  %s PrivateZone leads to %s, read %s ago\n", mark, escape(where), age(now.Sub(*z.ReadAt)))
	}
	if z.Error != "" {
		fmt.Fprintf(w, "  ‼ the last reading failed: %s\n", escape(z.Error))
	}
	for _, f := range z.Findings {
		fmt.Fprintf(w, "  ‼ %s: %s\n", escape(string(f.Code)), escape(f.Text))
	}
}

func writeWriteBack(w io.Writer, s writeBackStatus) {
	if s.Original != "" {
		fmt.Fprintf(w, "  the record in PrivateZone is written by this cluster, its original is %s\n", escape(s.Original))
	}
	if s.Error != "" {
		fmt.Fprintf(w, "  ‼ the record in PrivateZone isn't what the switch says, %s: %s\n", visible(s.Target), escape(s.Error))
	}
	for _, word := range slices.Sorted(maps.Keys(s.DryRun)) {
		fmt.Fprintf(w, "  a switch to %s would make %s\n", escape(word), several(len(s.DryRun[word]), "call", "calls"))
		for _, call := range s.DryRun[word] {
			fmt.Fprintf(w, "    %s\n", escape(call))
		}
	}
}

// age is a time of up to [cloudreader.Old] for people.
func age(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(max(d, 0).Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}
