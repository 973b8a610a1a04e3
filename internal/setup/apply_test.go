package setup

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

func TestApply(t *testing.T) {
	only := func(action string, err error, effect bool) func(alibaba.RegistryCall) (error, bool) {
		return func(call alibaba.RegistryCall) (error, bool) {
			if call.Action() == action {
				return err, effect
			}
			return nil, true
		}
	}
	lost := errors.New("connection reset")
	denied := &alibaba.Error{Service: "cr", Action: "X", Kind: alibaba.Denied}
	wrong := &alibaba.Error{Service: "cr", Action: "X", Kind: alibaba.Unauthenticated}
	const enabled, entry, linked, rule = "UpdateInstanceEndpointStatus", "CreateInstanceEndpointAclPolicy", "CreateInstanceVpcEndpointLinkedVpc", "CreateRepoSyncRule"
	for sentence, test := range map[string]struct {
		model model
		want  []string
		took  time.Duration
	}{
		"all calls are made in order": {model{}, []string{enabled + " done", entry + " done", linked + " done", rule + " done", rule + " done"}, 0},
		"what takes a while is waited for": {model{slow: 3},
			[]string{enabled + " done", entry + " done", linked + " done", rule + " done", rule + " done"}, 3 * settlePause},
		"what takes too long stops what needs it": {model{slow: 1000}, []string{
			enabled + " done: it isn't ready yet", entry + " not done: it needs " + enabled + ", which isn't ready yet: run this again",
			linked + " done: it isn't ready yet", rule + " done", rule + " done",
		}, 2 * settleTimeout},
		"a call that fails stops what needs it, and nothing else": {model{fail: only(enabled, denied, false)}, []string{
			enabled + " failed: " + denied.Error(), entry + " not done: it needs " + enabled + ", which wasn't carried out",
			linked + " done", rule + " done", rule + " done",
		}, 0},
		"a call whose answer is lost is done": {model{fail: only(enabled, lost, true)}, []string{
			enabled + " done: the instance has it, though the call failed: connection reset", entry + " done", linked + " done", rule + " done", rule + " done",
		}, 0},
		"so is a rule": {model{fail: only(rule, lost, true)}, []string{
			enabled + " done", entry + " done", linked + " done",
			rule + " done: the instance has it, though the call failed: connection reset", rule + " done: the instance has it, though the call failed: connection reset",
		}, 0},
		"so are an address and an entry": {model{fail: func(call alibaba.RegistryCall) (error, bool) {
			if call.Action() == entry || call.Action() == linked {
				return lost, true
			}
			return nil, true
		}}, []string{
			enabled + " done", entry + " done: the instance has it, though the call failed: connection reset",
			linked + " done: the instance has it, though the call failed: connection reset", rule + " done", rule + " done",
		}, 0},
		"with wrong credentials no further call is made": {model{fail: only(enabled, wrong, false)}, []string{
			enabled + " failed: " + wrong.Error(),
			entry + " not done: the cloud takes no call with these credentials", linked + " not done: the cloud takes no call with these credentials",
			rule + " not done: the cloud takes no call with these credentials", rule + " not done: the cloud takes no call with these credentials",
		}, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := bare()
				todo := plan(t, parse(t), m, Given{Egress: egress, VSwitches: map[string]string{"zhangjiakou": "vsw-1"}})
				m.fail, m.slow = test.model.fail, test.model.slow
				var got []string
				begun := time.Now()
				Apply(t.Context(), m, todo, func(o Outcome) { got = append(got, told(o)) })
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				if took := time.Since(begun); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func told(o Outcome) string {
	line := fmt.Sprintf("%s %s", o.Step.Call.Action(), o.Result)
	if o.Reason != "" {
		line += ": " + o.Reason
	}
	return line
}

func TestNoCallIsMadeAfterTheEnd(t *testing.T) {
	m := bare()
	todo := plan(t, parse(t), m, Given{Egress: egress})
	ctx, cancel := context.WithCancel(t.Context())
	m.fail = func(alibaba.RegistryCall) (error, bool) { cancel(); return nil, true }
	outcomes := Apply(ctx, m, todo, func(Outcome) {})
	if len(m.calls) != 1 || len(outcomes) != len(todo.Steps) || outcomes[1].Reason != "the program was told to end" {
		t.Errorf("%v, %+v", m.calls, outcomes)
	}
}
