package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// tellFailover looks at what people see of the failover, then ends the leader: another
// tells the same, and no Event anew.
func (s *scenario) tellFailover(t *testing.T) {
	const thrown = cluster.Endpoint + ": the switch leads to hangzhou/internal and led to privatezone, by the field manager kubectl-patch: it gives no reason"
	awaitEvents(t, "SwitchChanged", thrown)
	labels := `{endpoint="` + cluster.Endpoint + `"`
	shown := []string{
		`registry_failover_switch_target` + labels + `,target="hangzhou/internal"} 1`,
		`registry_failover_switch_followed_zone` + labels + `} 0`,
		`registry_failover_nodes{applied="true",endpoint="` + cluster.Endpoint + `"} 1`,
		`registry_failover_nodes{applied="false",endpoint="` + cluster.Endpoint + `"} 0`,
	}
	leader, page := awaitLeader(t, "", shown)
	since := sincePattern.FindString(page)
	if since == "" {
		t.Fatalf("nothing tells since when:\n%s", page)
	}
	kubectl(t, "-n", namespace, "delete", "pod", leader)
	awaitLeader(t, leader, append(shown, since))
	for kind, note := range map[string]string{"SwitchChanged": thrown, "SwitchRestored": "", "InvalidSwitch": ""} {
		if got, err := eventNotes(t.Context(), kind); err != nil || strings.Join(got, "\n") != note {
			t.Errorf("%v: the Events %s are %q", err, kind, got)
		}
	}
}

var sincePattern = regexp.MustCompile(`(?m)^registry_failover_switch_since_timestamp_seconds{.*$`)

// awaitLeader waits until another controller than that one shows these lines, and gives
// its name and its page.
func awaitLeader(t *testing.T, other string, lines []string) (name, page string) {
	t.Helper()
	await(t, "a controller leads and shows what is in force", time.Minute, func(ctx context.Context) error {
		pods, err := listPods(ctx, "controller")
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if pod.Name == other || pod.Status.PodIP == "" {
				continue
			}
			text, getErr := metricsPage(ctx, net.JoinHostPort(pod.Status.PodIP, "8082"))
			if getErr != nil || !strings.Contains(text, "registry_failover_switch_target{") {
				continue
			}
			for _, line := range lines {
				if !strings.Contains(text, line+"\n") {
					return fmt.Errorf("%s doesn't show %s", pod.Name, line)
				}
			}
			name, page = pod.Name, text
			return nil
		}
		return errors.New("none does")
	})
	return name, page
}

// awaitEvents waits until the Events about the switch with this reason have these notes.
func awaitEvents(t *testing.T, reason string, notes ...string) {
	t.Helper()
	await(t, "the Events "+reason, 30*time.Second, func(ctx context.Context) error {
		got, err := eventNotes(ctx, reason)
		if err == nil && !slices.Equal(got, notes) {
			err = fmt.Errorf("they are %q", got)
		}
		return err
	})
}

// eventNotes are those of the Events about the switch with this reason, in their order.
func eventNotes(ctx context.Context, reason string) ([]string, error) {
	list, err := node.Client.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	var notes []string
	for _, e := range list.Items {
		about := corev1.ObjectReference{Kind: e.Regarding.Kind, Name: e.Regarding.Name}
		if e.Reason == reason && about == (corev1.ObjectReference{Kind: "ConfigMap", Name: "registry-failover"}) {
			notes = append(notes, e.Note)
			if e.Series != nil {
				return nil, fmt.Errorf("%q is counted %d times", e.Note, e.Series.Count)
			}
		}
	}
	return notes, nil
}
