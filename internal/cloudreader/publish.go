package cloudreader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// manager is who has written, in the objects' managed fields.
const manager = "registry-failover-controller"

// errNotYet says that the state has no record of an endpoint to add to: the
// keeper of the switch creates it.
var errNotYet = errors.New("the state of the endpoint isn't there yet")

// errMeanwhile says that the state was written after it had been read.
var errMeanwhile = errors.New("somebody has written the state meanwhile")

// A state is what stands for one endpoint, with the version that it was read in.
type state struct {
	version string
	fields  map[string]json.RawMessage
	zones   map[string]zone.Records
}

// readState gives an endpoint's state, or why nothing may be written there.
func readState(ctx context.Context, maps corev1client.ConfigMapInterface, endpoint string) (state, error) {
	c, err := maps.Get(ctx, inputs.StateName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return state{}, errNotYet
	case err != nil:
		return state{}, fmt.Errorf("could not read the ConfigMap %s: %w", inputs.StateName, err)
	}
	text, there := c.Data[endpoint]
	if !there {
		return state{}, errNotYet
	}
	parsed, err := zone.ParseState([]byte(text))
	if err != nil {
		return state{}, err
	}
	s := state{version: c.ResourceVersion, zones: parsed.Zones}
	return s, json.Unmarshal([]byte(text), &s.fields)
}

// publish writes the zones of an endpoint into its state where they differ from
// what stands there, and tells whether it did. All else that stands there stays.
func publish(ctx context.Context, configMaps corev1client.ConfigMapInterface, endpoint string, s state, zones map[string]zone.Records) (bool, error) {
	if sameZones(s.zones, zones) {
		return false, nil
	}
	fields := maps.Clone(s.fields)
	// Go's decoder takes names without regard to case.
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, "zones") })
	var err error
	if fields["zones"], err = json.Marshal(zones); err != nil {
		return false, err
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return false, err
	}
	if _, err := zone.ParseState(text); err != nil { // no resolver could read it
		return false, err
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]string{"resourceVersion": s.version},
		"data":     map[string]string{endpoint: string(text)},
	})
	if err != nil {
		return false, err
	}
	_, err = configMaps.Patch(ctx, inputs.StateName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
	switch {
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return false, errMeanwhile
	case err != nil:
		return false, fmt.Errorf("could not write the ConfigMap %s: %w", inputs.StateName, err)
	}
	return true, nil
}

// sameZones tells whether no answer could differ. What no longer counts, as of
// an instance that left the configuration, is a difference.
func sameZones(a, b map[string]zone.Records) bool {
	return maps.EqualFunc(a, b, func(a, b zone.Records) bool {
		return a.CNAME == b.CNAME && slices.Equal(a.Addrs, b.Addrs)
	})
}
