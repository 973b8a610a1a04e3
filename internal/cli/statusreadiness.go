package cli

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// readinessStatus is what the controller has found of the images on the instances of one endpoint.
type readinessStatus struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string `json:"problem"`
	// At is when the controller has last said so, nil where it never has.
	At *time.Time `json:"at"`
	// Old says that it should have said so again since.
	Old        bool                       `json:"old"`
	Complete   bool                       `json:"complete"`
	Images     int                        `json:"images"`
	Instances  []readiness.InstanceStatus `json:"instances"`
	Conditions []readiness.Condition      `json:"conditions"`
}

// judgeReadiness reads what stands in the ConfigMap registry-failover-status, of the
// endpoints that are configured.
func judgeReadiness(c *config.Config, data map[string]string, now time.Time) []readinessStatus {
	all := []readinessStatus{}
	for _, e := range c.Endpoints {
		s := readinessStatus{Endpoint: e.Name, Instances: []readiness.InstanceStatus{}, Conditions: []readiness.Condition{}}
		found, there, err := readiness.ParseStatus(data[e.Name])
		switch {
		case err != nil:
			s.Problem = err.Error()
		case !there:
			s.Problem = "it isn't known which images the instances have: readiness.enabled is off, or the controller hasn't told yet"
		default:
			s.At, s.Old, s.Complete, s.Images = &found.At, now.Sub(found.At) > readiness.Old, found.Complete, found.Images
			s.Conditions = append(s.Conditions, found.Conditions...)
			for _, i := range found.Instances {
				if slices.ContainsFunc(e.Instances, func(c config.Instance) bool { return c.Name == i.Instance }) {
					s.Instances = append(s.Instances, i)
				}
			}
		}
		all = append(all, s)
	}
	return all
}

func writeReadiness(w io.Writer, s readinessStatus, now time.Time) {
	switch {
	case s.Problem != "":
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
		return
	case s.Old:
		fmt.Fprintf(w, "  ‼ what images the instances have is as of %s: that is old\n", s.At.Format(time.RFC3339))
	case !s.Complete:
		fmt.Fprintln(w, "  ‼ the images are being looked up: what follows isn't complete yet")
	}
	for _, i := range s.Instances {
		mark := "‼"
		if i.Present == s.Images && !s.Old {
			mark = "√"
		}
		fmt.Fprintf(w, "  %s %s\n", mark, escape(i.Sentence(s.Images)))
		if i.Silent != "" {
			since := ""
			if i.Oldest != nil {
				since = fmt.Sprintf(", and what is told of its images is up to %s old", duration(now.Sub(*i.Oldest)))
			}
			fmt.Fprintf(w, "    it can't be asked now%s: %s\n", since, escape(i.Silent))
		}
	}
}
