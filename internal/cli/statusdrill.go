package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// drillStatus is what is recorded of one endpoint's drills.
type drillStatus struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem   string          `json:"problem"`
	Instances []instanceDrill `json:"instances"`
}

// instanceDrill is the last drill of an instance. Times are nil where there was none.
type instanceDrill struct {
	Instance    string     `json:"instance"`
	LastSuccess *time.Time `json:"lastSuccess"`
	Last        *time.Time `json:"last"`
	Succeeded   bool       `json:"succeeded"`
	By          string     `json:"by"`
	// NotProven are the parts of the last one that weren't.
	NotProven []drill.PartName `json:"notProven"`
}

// drillOverdue is how long a drill proves something, as the alert has it.
const drillOverdue = 30 * 24 * time.Hour

// drills reads the record; nil where it can't be read, which is no reason to tell nothing else.
func (c *statusClient) drills(ctx context.Context, tell func(string)) []drillStatus {
	found, err := c.core.ConfigMaps(c.namespace).Get(ctx, drill.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err): // then there was none
		found = &corev1.ConfigMap{}
	case err != nil:
		tell(fmt.Sprintf("the record of drills can't be read: %v", err))
		return nil
	}
	return judgeDrills(c.config, found.Data, time.Now())
}

// judgeDrills tells of each standby, and of the primary where a drill was played with it.
func judgeDrills(c *config.Config, data map[string]string, now time.Time) []drillStatus {
	all := []drillStatus{}
	for _, e := range c.Endpoints {
		s := drillStatus{Endpoint: e.Name, Instances: []instanceDrill{}}
		record, err := drill.ReadRecord(data[e.Name])
		if err != nil {
			s.Problem = err.Error()
		}
		for _, i := range e.Instances {
			last, played := record.Instances[i.Name]
			if !played && i.Name == e.Primary {
				continue
			}
			told := instanceDrill{Instance: i.Name, NotProven: []drill.PartName{}}
			if at, there := record.LastSuccess(i.Name, now); there {
				told.LastSuccess = &at
			}
			if r := last.Report; r != nil {
				told.Last, told.Succeeded, told.By = &r.Begin, r.Succeeded, r.By
				told.NotProven = append(told.NotProven, r.Wrong()...)
			}
			s.Instances = append(s.Instances, told)
		}
		all = append(all, s)
	}
	return all
}

func writeDrillStatus(w io.Writer, s drillStatus, now time.Time) {
	if s.Problem != "" {
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
	}
	for _, i := range s.Instances {
		success := "none has succeeded yet"
		if i.LastSuccess != nil {
			success = "the last success was " + duration(now.Sub(*i.LastSuccess)) + " ago"
		}
		by := ""
		if i.By != "" {
			by = ", by " + escape(i.By)
		}
		switch {
		case i.Last == nil:
			fmt.Fprintf(w, "  ‼ drill of %s: %s\n", visible(i.Instance), success)
		case !i.Succeeded:
			var parts []string
			for _, p := range i.NotProven {
				parts = append(parts, string(p))
			}
			fmt.Fprintf(w, "  × drill of %s: not proven %s ago%s: %s; %s\n", visible(i.Instance), duration(now.Sub(*i.Last)), by, escape(strings.Join(parts, ", ")), success)
		case i.LastSuccess == nil || now.Sub(*i.LastSuccess) > drillOverdue:
			fmt.Fprintf(w, "  ‼ drill of %s: %s%s: play another\n", visible(i.Instance), success, by)
		default:
			fmt.Fprintf(w, "  √ drill of %s: succeeded %s ago%s\n", visible(i.Instance), duration(now.Sub(*i.LastSuccess)), by)
		}
	}
}
