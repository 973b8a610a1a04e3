package setup

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// random is a cloud somewhere between bare and ready, with what people do on their own.
func random(r *rand.Rand) *model {
	m := &model{instances: map[string]state{}, unlisted: r.IntN(2) == 0}
	names := []string{"prod", "dev", "team"}
	lists := [][]string{nil, {"127.0.0.1/32"}, {"192.0.2.0/24"}, {"192.0.2.7"}, {"203.0.113.0/24", "not an entry"}}
	for i, id := range []string{"cri-aaaaa", "cri-bbbbb"} {
		other := []string{"cri-bbbbb", "cri-aaaaa"}[i]
		var s state
		s.Description.Value = alibaba.Description{Status: "RUNNING", Edition: pick(r, alibaba.Basic, alibaba.Standard, alibaba.Advanced, alibaba.Advanced)}
		s.Ways.Value.Endpoints = []alibaba.Endpoint{
			{Type: "internet", Enabled: r.IntN(2) == 0, Restricted: r.IntN(3) > 0, ACL: pick(r, lists...), Status: "RUNNING", Custom: []string{shared}},
			{Type: "vpc", Enabled: true, Status: "RUNNING"},
		}
		for _, vpc := range []string{"vpc-bbbbb", "vpc-other"} {
			if r.IntN(2) == 0 {
				s.Ways.Value.VPCs = append(s.Ways.Value.VPCs, alibaba.LinkedVPC{VPC: vpc, Addr: netip.MustParseAddr("10.0.0.1"), Running: r.IntN(4) > 0})
			}
		}
		for _, name := range names {
			if r.IntN(4) > 0 {
				s.Namespaces.Value = append(s.Namespaces.Value, name)
			}
			if r.IntN(2) == 0 {
				continue
			}
			repo := pick(r, "", "", "web")
			s.Rules.Value = append(s.Rules.Value, alibaba.SyncRule{
				ID: "own-" + name, Name: name, Scope: alibaba.NamespaceScope, Automatic: r.IntN(4) > 0, TagFilter: pick(r, ".*", ".*", "v.*"),
				Source: alibaba.SyncPlace{Instance: id, Namespace: name, Repo: repo},
				Target: alibaba.SyncPlace{Instance: pick(r, other, other, "cri-ccccc"), Namespace: pick(r, name, name, "copy"), Repo: repo},
			})
		}
		m.instances[id] = s
	}
	return m
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// TestAPlanThatIsCarriedOutLeavesNothing runs setup again and again on random
// worlds in which calls fail, before or after they have taken effect, until it
// runs without a failure.
func TestAPlanThatIsCarriedOutLeavesNothing(t *testing.T) {
	c := parse(t)
	planned, failed := 0, 0
	for seed := range uint64(600) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 6))
			given := Given{}
			if r.IntN(4) > 0 {
				given = Given{Egress: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.1")}[r.IntN(2):], VSwitches: map[string]string{"zhangjiakou": "vsw-1"}}
			}
			m := random(r)
			before := maps.Clone(m.instances)
			for range 100 {
				faults := 0
				m.fail = func(alibaba.RegistryCall) (error, bool) {
					if r.IntN(4) > 0 {
						return nil, true
					}
					faults++
					return errors.New("lost"), r.IntN(2) == 0
				}
				todo := plan(t, c, m, given)
				planned += len(todo.Steps)
				Apply(t.Context(), m, todo, func(Outcome) {})
				failed += faults
				if faults == 0 {
					break
				}
			}
			if again := plan(t, c, m, given); len(again.Steps) > 0 {
				t.Errorf("seed %d: it plans again: %v", seed, again.lines())
			}
			for _, gone := range lost(before, m.instances) {
				t.Errorf("seed %d: %s", seed, gone)
			}
		})
	}
	if planned < 600 || failed < 100 {
		t.Errorf("%d steps and %d failures are too few to tell", planned, failed)
	}
}

// lost tells what was there before and isn't afterwards.
func lost(before, after map[string]state) []string {
	var gone []string
	for id, b := range before {
		a := after[id]
		for _, rule := range b.Rules.Value {
			if !slices.Contains(a.Rules.Value, rule) {
				gone = append(gone, "a rule of "+id)
			}
		}
		for _, vpc := range b.Ways.Value.VPCs {
			if !slices.Contains(a.Ways.Value.VPCs, vpc) {
				gone = append(gone, "a VPC of "+id)
			}
		}
		for i, e := range b.Ways.Value.Endpoints {
			now := a.Ways.Value.Endpoints[i]
			for _, entry := range e.ACL {
				if !slices.Contains(now.ACL, entry) {
					gone = append(gone, "an entry of "+id)
				}
			}
			for _, addr := range []string{"127.0.0.1", "192.0.2.7", "203.0.113.9", "8.8.8.8"} {
				if letsIn(e, addr) && !letsIn(now, addr) {
					gone = append(gone, fmt.Sprintf("%s is shut out of %s", addr, id))
				}
			}
		}
	}
	return gone
}

func letsIn(e alibaba.Endpoint, addr string) bool {
	return e.Enabled && e.Admits(netip.MustParseAddr(addr))
}
