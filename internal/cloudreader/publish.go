package cloudreader

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// errNotYet says that the state has no record of an endpoint to add to: the
// keeper of the switch creates it.
var errNotYet = errors.New("the state of the endpoint isn't there yet")

// A state is what stands for one endpoint.
type state struct {
	read   published.Value
	fields map[string]json.RawMessage
	parsed zone.State
}

// readState gives an endpoint's state, or why nothing may be written there.
func readState(ctx context.Context, store published.Store, endpoint string) (state, error) {
	read, err := store.Read(ctx, inputs.StateName, endpoint)
	switch {
	case err != nil:
		return state{}, err
	case !read.There:
		return state{}, errNotYet
	}
	parsed, err := zone.ParseState([]byte(read.Text))
	if err != nil {
		return state{}, err
	}
	s := state{read: read, parsed: parsed}
	return s, json.Unmarshal([]byte(read.Text), &s.fields)
}

// publish writes what was read of an endpoint into its state where it differs from
// what stands there, and tells whether it did. All else that stands there stays.
func publish(ctx context.Context, store published.Store, endpoint string, s state, r Result) (bool, error) {
	if sameZones(s.parsed.Zones, r.Zones) && maps.EqualFunc(s.parsed.Linked, r.Linked, slices.Equal) {
		return false, nil
	}
	fields := maps.Clone(s.fields)
	// Go's decoder takes names without regard to case.
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool {
		return strings.EqualFold(name, "zones") || strings.EqualFold(name, "linked")
	})
	var err error
	if fields["zones"], err = json.Marshal(r.Zones); err != nil {
		return false, err
	}
	if len(r.Linked) > 0 {
		if fields["linked"], err = json.Marshal(r.Linked); err != nil {
			return false, err
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return false, err
	}
	if _, err := zone.ParseState(text); err != nil { // no resolver could read it
		return false, err
	}
	if err := store.Write(ctx, inputs.StateName, endpoint, s.read, string(text)); err != nil {
		return false, err
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
