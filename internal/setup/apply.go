package setup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

const (
	// settleTimeout is how long an instance is waited for that changes by and by;
	// terraform-provider-alicloud gives a new address in a VPC as long.
	settleTimeout = 3 * time.Minute
	settlePause   = 5 * time.Second
)

// Cloud carries out calls, and tells what became of them: an *alibaba.Client.
type Cloud interface {
	Carry(ctx context.Context, call alibaba.RegistryCall) error
	ReadInstance(ctx context.Context, id, region string) (alibaba.Instance, error)
	ReadSyncRules(ctx context.Context, id, region string) ([]alibaba.SyncRule, error)
}

// A Result is what became of a step.
type Result string

const (
	// Done steps are carried out.
	Done Result = "done"
	// Failed steps may have been carried out all the same: the next plan tells.
	Failed Result = "failed"
	// NotDone steps weren't tried.
	NotDone Result = "not done"
)

// An Outcome is a step with its result.
type Outcome struct {
	Step   Step
	Result Result
	// Reason says why, where the result isn't Done, and what else is to know where it is.
	Reason string

	ready bool
}

// Apply carries out the steps of a plan in their order. One that fails stops those
// that need it; the others are carried out. Each outcome is told when it is known.
// When ctx ends, no further call is made.
func Apply(ctx context.Context, acr Cloud, todo Todo, tell func(Outcome)) []Outcome {
	var outcomes []Outcome
	stopped := ""
	for _, step := range todo.Steps {
		if ctx.Err() != nil {
			stopped = "the program was told to end"
		}
		o := Outcome{Step: step, Result: NotDone, Reason: cmp.Or(stopped, missing(step, outcomes))}
		if o.Reason == "" {
			var err error
			if o, err = carry(ctx, acr, step); o.Result == Failed && useless(err) {
				stopped = "the cloud takes no call with these credentials"
			}
		}
		outcomes = append(outcomes, o)
		tell(o)
	}
	return outcomes
}

// useless tells whether the next call would fail like this one.
func useless(err error) bool {
	kind := alibaba.KindOf(err)
	return kind == alibaba.Unauthenticated || kind == alibaba.ClockSkew
}

// missing says what the step needs and hasn't got; empty where it has all.
func missing(step Step, outcomes []Outcome) string {
	for _, call := range step.After {
		i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Step.Call.Equal(call) })
		switch {
		case i < 0 || outcomes[i].Result != Done:
			return fmt.Sprintf("it needs %s, which wasn't carried out", call.Action())
		case !outcomes[i].ready:
			return fmt.Sprintf("it needs %s, which isn't ready yet: run this again", call.Action())
		}
	}
	return ""
}

// carry makes a step's call. A call that fails may have taken effect, its answer
// lost, or somebody else has done the same: the instance tells.
func carry(ctx context.Context, acr Cloud, step Step) (Outcome, error) {
	err := acr.Carry(ctx, step.Call)
	if err != nil && !takenEffect(ctx, acr, step.Call) {
		return Outcome{Step: step, Result: Failed, Reason: err.Error()}, err
	}
	o := Outcome{Step: step, Result: Done, ready: settle(ctx, acr, step.Call)}
	switch {
	case err != nil:
		o.Reason = fmt.Sprintf("the instance has it, though the call failed: %v", err)
	case !o.ready:
		o.Reason = "it isn't ready yet"
	}
	return o, nil
}

func takenEffect(ctx context.Context, acr Cloud, call alibaba.RegistryCall) bool {
	id, region := call.Parameter("InstanceId"), call.Parameter("RegionId")
	if namespace := call.Parameter("NamespaceName"); namespace != "" {
		rules, err := acr.ReadSyncRules(ctx, id, region)
		return err == nil && slices.ContainsFunc(rules, func(r alibaba.SyncRule) bool {
			return r.Source.Namespace == namespace && r.Target.Instance == call.Parameter("TargetInstanceId") && r.Target.Namespace == namespace &&
				r.Automatic && r.Scope == alibaba.NamespaceScope
		})
	}
	instance, err := acr.ReadInstance(ctx, id, region)
	if err != nil {
		return false
	}
	e, _ := instance.Endpoint(internet)
	switch vpc, entry := call.Parameter("VpcId"), call.Parameter("Entry"); {
	case vpc != "":
		return slices.ContainsFunc(instance.VPCs, func(v alibaba.LinkedVPC) bool { return v.VPC == vpc })
	case entry != "":
		return slices.Contains(e.ACL, entry)
	default:
		return e.Enabled
	}
}

// settle waits until what a call has opened is there, and tells whether it is:
// an entry isn't taken before the endpoint is.
func settle(ctx context.Context, acr Cloud, call alibaba.RegistryCall) bool {
	vpc, opens := call.Parameter("VpcId"), call.Parameter("Enable") != ""
	if vpc == "" && !opens {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for {
		instance, err := acr.ReadInstance(ctx, call.Parameter("InstanceId"), call.Parameter("RegionId"))
		if err == nil {
			e, _ := instance.Endpoint(internet)
			if opens && e.Enabled && running(e.Status) || !opens && slices.ContainsFunc(instance.VPCs, func(v alibaba.LinkedVPC) bool { return v.VPC == vpc && v.Running }) {
				return true
			}
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(settlePause):
		}
	}
}

// running tells that an endpoint isn't being made; one without a status isn't either.
func running(status string) bool { return status == "" || status == "RUNNING" }
