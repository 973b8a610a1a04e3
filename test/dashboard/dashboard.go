// Package dashboard reads the chart's dashboard for Grafana, for the tests that hold it to
// the metrics that there are and to what a cluster has.
package dashboard

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Panel is one of the dashboard's.
type Panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	GridPos     struct {
		X, Y, W, H int
	} `json:"gridPos"`
	Targets []Target `json:"targets"`
}

// A Target is an expression of a panel.
type Target struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
}

// Bound is the expression with a time in place of Grafana's own $__rate_interval.
func (t Target) Bound(interval string) string {
	return strings.ReplaceAll(t.Expr, "$__rate_interval", interval)
}

// File is the dashboard in a repository.
func File(root string) string {
	return filepath.Join(root, "charts", "registry-failover", "dashboards", "registry-failover.json")
}

// Panels gives all panels of a file.
func Panels(file string) ([]Panel, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var d struct {
		Panels []Panel `json:"panels"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d.Panels, nil
}
