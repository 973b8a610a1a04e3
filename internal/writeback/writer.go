package writeback

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// look is between two readings of the accepted switch.
	look = 5 * time.Second
	// writeWithin is how old a reading may be when the call that follows from it ends.
	writeWithin = 10 * time.Second
	// settle is when a call that follows from a reading has been carried out or never
	// will be: longer than writeWithin, by what it may still take inside the cloud.
	settle = 15 * time.Second
	// watchful is between two readings of a zone while anything is written there,
	// idle while nothing is.
	watchful, idle = time.Minute, 10 * time.Minute
	// firstRetry doubles with each failure in a row, up to lastRetry.
	firstRetry, lastRetry = 5 * time.Second, 2 * time.Minute
	// patience ends a round of one endpoint.
	patience = 2 * time.Minute
)

// warning is logged once. It quotes https://www.alibabacloud.com/help/en/acr/user-guide/configure-access-over-vpcs
const warning = "privateZone.writeBack is on: a failover of this cluster leads everybody else in its VPC to the standby, too. " +
	"ACR makes such zones, and its documentation says: \"Do not change the DNS zone that is automatically created in PrivateZone. " +
	"If you change the DNS zone, exceptions occur during image pulls or image deletion.\" See docs/writeback.md"

// Cloud reads and changes records: an *alibaba.Client.
type Cloud interface {
	ReadZones(ctx context.Context, name string) ([]alibaba.Zone, error)
	Change(ctx context.Context, change alibaba.Change) error
}

// Options are what a Writer needs; all are required.
type Options struct {
	Cloud Cloud
	// Owner gives the id of this cluster.
	Owner func(context.Context) (string, error)
	// ConfigMaps are those of the release's namespace.
	ConfigMaps corev1client.ConfigMapInterface
	Metrics    prometheus.Registerer
	Log        *slog.Logger
}

// Writer follows the accepted switch of each endpoint. controller-runtime runs it
// while the replica leads.
type Writer struct {
	Options
	metrics metrics
	config  atomic.Pointer[config.Config]
	marks   sync.Map // by endpoint: this cluster's Mark as it was read last, which may be none

	// Of Start alone:
	inForce *config.Config
	seen    map[string]*endpoint
}

// New makes a Writer. It must be configured before it starts.
func New(o Options) *Writer {
	return &Writer{Options: o, metrics: newMetrics(o.Metrics), seen: map[string]*endpoint{}}
}

// Configure puts a valid configuration into force.
func (w *Writer) Configure(c *config.Config) { w.config.Store(c) }

// Original gives what an endpoint's record was before this cluster has written it, empty
// where the mark doesn't tell, and whether it has written it. Whether that is known is what
// is told last: not before this replica has read the zone. It may be called at any time.
func (w *Writer) Original(endpoint string) (original zone.Records, written, known bool) {
	held, known := w.marks.Load(endpoint)
	mark, _ := held.(Mark)
	return mark.Original, mark.Owner != "", known
}

// NeedLeaderElection is asked by controller-runtime.
func (w *Writer) NeedLeaderElection() bool { return true }

// Start follows until ctx ends, one endpoint after the other: they share the
// budget of calls.
func (w *Writer) Start(ctx context.Context) error {
	w.Log.Warn(warning)
	defer w.metrics.clear()
	for {
		w.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
	}
}

func (w *Writer) round(ctx context.Context) {
	c := w.config.Load()
	state, err := w.ConfigMaps.Get(ctx, inputs.StateName, metav1.GetOptions{})
	if err != nil {
		if !apierrors.IsNotFound(err) && ctx.Err() == nil {
			w.Log.Debug("the switch can't be read now", "error", err)
		}
		return // what was decided is followed up when there is an API server
	}
	if c != w.inForce {
		w.begin(c)
	}
	for _, e := range w.seen {
		if text, there := state.Data[e.Name]; there {
			e.follow(ctx, text)
		}
	}
}

// begin puts another configuration into force.
func (w *Writer) begin(c *config.Config) {
	gone := maps.Clone(w.seen)
	for _, e := range c.Zones() {
		delete(gone, e.Name)
		if w.seen[e.Name] == nil {
			// A leader before this one may have a call under way.
			w.seen[e.Name] = &endpoint{Writer: w, unsure: time.Now()}
		}
		known := w.seen[e.Name]
		known.Endpoint, known.options, known.next = e, c.PrivateZone, time.Time{}
	}
	for name, e := range gone {
		if e.held.Owner != "" {
			w.Log.Warn("the endpoint isn't configured any more: its record in PrivateZone stays as this cluster has written it", "endpoint", name, "original", show(e.held.Original), "remark", e.held.String())
		}
		delete(w.seen, name)
		w.marks.Delete(name)
		w.metrics.forget(name)
	}
	w.inForce = c
}

// pick gives the zone that answers in a VPC.
func pick(zones []alibaba.Zone, vpc string) (alibaba.Zone, error) {
	bound := slices.DeleteFunc(slices.Clone(zones), func(z alibaba.Zone) bool {
		return !slices.ContainsFunc(z.VPCs, func(v alibaba.VPC) bool { return v.ID == vpc })
	})
	if len(bound) != 1 {
		return alibaba.Zone{}, fmt.Errorf("not exactly one zone of the name is bound to the cluster's VPC %s: %d are", vpc, len(bound))
	}
	return bound[0], nil
}

// known are all that a switch could write.
func known(e zone.Endpoint, st zone.State) []zone.Records {
	var all []zone.Records
	for _, i := range e.Instances {
		for _, n := range []zone.Network{zone.Internal, zone.Public} {
			if r, err := e.Records(zone.Target{Instance: i.Name, Network: n}, st); err == nil && !empty(r) {
				all = append(all, r)
			}
		}
	}
	return all
}
