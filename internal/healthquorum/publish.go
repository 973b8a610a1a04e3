package healthquorum

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
)

const (
	// statusPause is between two changes of an endpoint's status.
	statusPause = 2 * time.Second
	// statusInterval is how old the time in it may become.
	statusInterval = 2 * time.Minute
)

// Old is the age of a status from which nobody looks after it any more.
const Old = 2*statusInterval + time.Minute

// A written status is one that stands there, as far as this replica knows.
type written struct {
	Status
	at time.Time
}

// due tells how long a status is still to wait until it is written; it is 0 or less
// where it is to be written now.
func (w written) due(s Status, now time.Time) time.Duration {
	if w.Status.differs(s) {
		return statusPause - now.Sub(w.at)
	}
	return statusInterval - now.Sub(w.at)
}

// differs tells whether there is more news than that times and latencies go by.
func (s Status) differs(other Status) bool {
	return s.Wanted != other.Wanted || s.Fresh != other.Fresh || !slices.Equal(s.Serving, other.Serving) || !slices.EqualFunc(s.Instances, other.Instances, func(a, b Instance) bool {
		a.LatencyMillis, b.LatencyMillis = 0, 0
		sameSince := a.Since.Equal(b.Since)
		a.Since, b.Since = time.Time{}, time.Time{}
		return sameSince && a == b
	})
}

// publish writes an endpoint's status where it is due, beside what others tell there. It
// returns when to look at it again at the latest.
func (c *Collector) publish(ctx context.Context, endpoint string, s Status, now time.Time) time.Duration {
	if wait := c.written[endpoint].due(s, now); wait > 0 {
		return wait
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := published.PutStatus(ctx, c.Store, endpoint, "health", s)
	switch {
	case err == nil:
		c.written[endpoint] = written{s, now}
		delete(c.said, endpoint)
	case errors.Is(err, published.ErrMeanwhile): // the next look writes it
		c.ring()
	default:
		c.warn(ctx, endpoint, err)
	}
	return lookEvery
}

// tell logs a change of an instance's level, and makes an Event of it. That something is
// as it should be from the beginning is no news.
func (c *Collector) tell(ctx context.Context, endpoint string, before healthreport.Level, i Instance) {
	level, kind := slog.LevelInfo, corev1.EventTypeNormal
	if i.Level != healthreport.Healthy && i.Level != healthreport.Unknown {
		level, kind = slog.LevelWarn, corev1.EventTypeWarning
	}
	c.Log.Log(ctx, level, "the probers find otherwise", "endpoint", endpoint, "instance", i.Instance,
		"network", i.Network, "level", i.Level, "before", before, "reason", i.Reason)
	if before == "" || before == healthreport.Unknown && i.Level == healthreport.Healthy {
		return
	}
	// Events that differ in their note alone are counted as one, with the first note.
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: c.Namespace, Name: inputs.SwitchName, FieldPath: "data[" + endpoint + "]",
	}
	c.Events.Eventf(about, nil, kind, eventReason(i.Level), "Probe "+i.Instance+"/"+i.Network, "%s: %s/%s is %s, and was %s: %s",
		endpoint, i.Instance, i.Network, i.Level, before, i.Reason)
}

// eventReason is the level as Events have their reasons, such as InstanceWrongIdentity.
func eventReason(level healthreport.Level) string {
	var reason strings.Builder
	reason.WriteString("Instance")
	for word := range strings.SplitSeq(string(level), "-") {
		reason.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return reason.String()
}
