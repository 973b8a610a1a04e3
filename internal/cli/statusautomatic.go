package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/registry-failover/registry-failover/internal/automatic"
	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// automaticStatus is what automatic mode does about one endpoint, and why.
type automaticStatus struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string              `json:"problem"`
	Mode    config.FailoverMode `json:"mode"`
	Action  failover.Action     `json:"action"`
	Hold    failover.Hold       `json:"hold"`
	Why     string              `json:"why"`
	Ill     bool                `json:"ill"`
	// Since is when that became so, nil where nothing is told.
	Since *time.Time `json:"since"`
	// At is when the controller has last said so, and Old that it should have said so again since.
	At         *time.Time `json:"at"`
	Old        bool       `json:"old"`
	MovesToday int        `json:"movesToday"`
}

// judgeAutomatic reads what stands in the ConfigMap registry-failover-status, of the
// endpoints that are configured; nil where that can't be read.
func judgeAutomatic(c *config.Config, data map[string]string, now time.Time) []automaticStatus {
	if data == nil {
		return nil
	}
	all := []automaticStatus{}
	for _, e := range c.Endpoints {
		s := automaticStatus{Endpoint: e.Name}
		var stands struct{ Automatic *automatic.Status }
		text, there := data[e.Name]
		err := json.Unmarshal([]byte(text), &stands)
		switch a := stands.Automatic; {
		case there && err != nil:
			s.Problem = "what automatic mode does can't be read: " + err.Error()
		case a == nil:
			s.Problem = "what automatic mode does isn't known: the controller hasn't told yet"
		default:
			s.Mode, s.Action, s.Hold, s.Why, s.Ill, s.MovesToday = a.Mode, a.Action, a.Hold, a.Why, a.Ill, a.MovesToday
			s.Since, s.At, s.Old = &a.Since, &a.At, now.Sub(a.At) > automatic.Old
		}
		all = append(all, s)
	}
	return all
}

func writeAutomatic(w io.Writer, s automaticStatus, now time.Time) {
	if s.Problem != "" {
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
		return
	}
	mark := "√"
	if s.Ill || s.Old || s.Action != failover.HoldStill {
		mark = "‼"
	}
	text := s.Why
	if s.Mode == config.Automatic {
		if s.Hold != "" {
			text = string(s.Hold) + ": " + text
		}
		text = fmt.Sprintf("automatic mode: %s for %s: %s", s.Action, duration(now.Sub(*s.Since)), text)
	}
	if s.MovesToday > 0 {
		text += "; " + several(s.MovesToday, "move", "moves") + " within 24 hours"
	}
	if s.Old {
		text += fmt.Sprintf("; as of %s, which is old", s.At.Format(time.RFC3339))
	} else {
		text += fmt.Sprintf("; as of %s ago", duration(now.Sub(*s.At)))
	}
	fmt.Fprintf(w, "  %s %s\n", mark, escape(text))
}
