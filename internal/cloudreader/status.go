package cloudreader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

const (
	// statusVersion is the schema of the status.
	statusVersion = 1
	// statusPause is between two changes of an endpoint's status.
	statusPause = time.Minute
	// statusInterval is how old the time of the last reading may become in it.
	statusInterval = 10 * time.Minute
	// maxFindings keeps status and log small, whatever stands in PrivateZone.
	maxFindings = 20
)

// A Status is what people want to know of one endpoint's zones. The controller
// keeps it as JSON under the endpoint's name in the ConfigMap registry-failover-status:
//
//	{"version":1,"privateZone":{"readAt":"2026-11-24T02:00:00Z","target":"hangzhou","findings":[{"code":"NotPrimary","text":"…"}]}}
//
// No resolver reads it.
type Status struct {
	// ReadAt is when the zones were read completely, to the second.
	ReadAt time.Time `json:"readAt,omitzero"`
	// Target is the instance that the zone in the cluster's VPC leads to, as far as that is known.
	Target string `json:"target,omitempty"`
	// Findings are the first of those of the last complete reading.
	Findings []Finding `json:"findings,omitempty"`
	// Error is why the last reading wasn't complete, or couldn't be published.
	Error string `json:"error,omitempty"`
}

// differs tells whether there is more news than that time goes by.
func (s Status) differs(other Status) bool {
	return s.Target != other.Target || s.Error != other.Error || !slices.Equal(s.Findings, other.Findings)
}

// A written status is one that stands there, as far as this replica knows.
type written struct {
	Status
	at time.Time
}

// due tells whether a status is to be written.
func (w written) due(s Status, now time.Time) bool {
	if w.Status.differs(s) {
		return now.Sub(w.at) >= statusPause
	}
	return now.Sub(w.at) >= statusInterval
}

// report writes an endpoint's status where it is due. That it can't be written
// keeps nothing else from being done.
func (r *Reader) report(ctx context.Context, endpoint string, change func(*Status)) {
	s, known := r.status[endpoint]
	if !known { // the leader before may have read more
		s = r.readStatus(ctx, endpoint)
	}
	change(&s)
	r.status[endpoint] = s
	r.metrics.showAge(endpoint, s.ReadAt)
	if now := time.Now(); r.written[endpoint].due(s, now) {
		switch err := r.writeStatus(ctx, endpoint, s); {
		case err == nil:
			r.written[endpoint] = written{s, now}
			delete(r.failures, inputs.StatusName)
		case ctx.Err() == nil && r.isNew(inputs.StatusName, err):
			r.Log.Warn("the status can't be written", "endpoint", endpoint, "error", err)
		}
	}
}

// readStatus gives what stands there; what can't be read tells nothing.
func (r *Reader) readStatus(ctx context.Context, endpoint string) Status {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var stands struct{ PrivateZone Status }
	if c, err := r.ConfigMaps.Get(ctx, inputs.StatusName, metav1.GetOptions{}); err == nil {
		_ = json.Unmarshal([]byte(c.Data[endpoint]), &stands)
	}
	return stands.PrivateZone
}

// writeStatus puts this part into what stands there, or into nothing.
func (r *Reader) writeStatus(ctx context.Context, endpoint string, s Status) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := r.ConfigMaps.Get(ctx, inputs.StatusName, metav1.GetOptions{})
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return fmt.Errorf("could not read the ConfigMap %s: %w", inputs.StatusName, err)
	}
	fields := map[string]any{}
	if !missing {
		_ = json.Unmarshal([]byte(c.Data[endpoint]), &fields) // what can't be read holds nothing to keep
	}
	fields["version"], fields["privateZone"] = statusVersion, s
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	data := map[string]string{endpoint: string(text)}
	if missing {
		_, err = r.ConfigMaps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: inputs.StatusName, Labels: map[string]string{
				"app.kubernetes.io/part-of":   "registry-failover",
				"app.kubernetes.io/name":      "registry-failover",
				"app.kubernetes.io/component": "controller",
			}},
			Data: data,
		}, metav1.CreateOptions{FieldManager: manager})
	} else {
		var patch []byte
		patch, err = json.Marshal(map[string]any{"metadata": map[string]string{"resourceVersion": c.ResourceVersion}, "data": data})
		if err == nil {
			_, err = r.ConfigMaps.Patch(ctx, inputs.StatusName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		}
	}
	if err != nil {
		return fmt.Errorf("could not write the ConfigMap %s: %w", inputs.StatusName, err)
	}
	return nil
}
