package chart

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestOnlyWhoRecreatesPodsMayDeleteThem(t *testing.T) {
	const account = "ServiceAccount registry-failover registry-failover-controller"
	const others = "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall"
	without, all := render(t, "--values="+example, others), render(t, "--values="+example, others, "--set=config.failover.recreateStuckPods=true")
	var more []string
	before := rights(t, without)[account]
	for _, right := range rights(t, all)[account] {
		if !slices.Contains(before, right) {
			more = append(more, right)
		}
	}
	if diff := cmp.Diff([]string{"cluster:  pods: delete"}, more); diff != "" {
		t.Error(diff)
	}
	const name = "registry-failover-stuck-pods"
	for _, kind := range []string{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} {
		if without.has(kind, name) || !all.has(kind, name) {
			t.Errorf("the %s goes with the setting: %t, %t", kind, without.has(kind, name), all.has(kind, name))
		}
	}
}

func TestTheControllerDeletesPodsThatWaitAndNeverRanAndNoOthers(t *testing.T) {
	all := render(t, "--values="+example, "--set=config.failover.recreateStuckPods=true")
	p := newPolicy(t, get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-stuck-pods").Spec)
	type object = map[string]any
	waiting := func(reason string) object {
		return object{"name": "web", "restartCount": int64(0), "state": object{"waiting": object{"reason": reason}}}
	}
	with := func(changes object) object {
		s := waiting("ImagePullBackOff")
		maps.Copy(s, changes)
		return s
	}
	owner := func(version, kind string, controller bool) object {
		return object{"apiVersion": version, "kind": kind, "name": "web", "uid": "1", "controller": controller}
	}
	ours := owner("apps/v1", "ReplicaSet", true)
	pod := func(phase string, owner object, statuses ...any) object {
		containers := make([]any, len(statuses))
		return object{
			"metadata": object{"name": "web-1", "ownerReferences": []any{owner}},
			"spec":     object{"containers": containers},
			"status":   object{"phase": phase, "containerStatuses": statuses},
		}
	}
	specified := func(pod object, field string, n int) object {
		pod["spec"].(object)[field] = make([]any, n)
		return pod
	}
	initialised := specified(pod("Pending", ours, waiting("PodInitializing")), "initContainers", 1)
	initialised["status"].(object)["initContainerStatuses"] = []any{waiting("ErrImagePull")}
	ended := specified(pod("Pending", ours, waiting("ImagePullBackOff")), "initContainers", 1)
	ended["status"].(object)["initContainerStatuses"] = []any{object{"name": "init", "restartCount": int64(0), "containerID": "containerd://1", "state": object{"terminated": object{"exitCode": int64(0)}}}}
	for sentence, test := range map[string]struct {
		pod     object
		allowed bool
	}{
		"in back-off":                {pod("Pending", ours, waiting("ImagePullBackOff")), true},
		"failed just now":            {pod("Pending", ours, waiting("ErrImagePull")), true},
		"in its init container":      {initialised, true},
		"of a StatefulSet":           {pod("Pending", owner("apps/v1", "StatefulSet", true), waiting("ImagePullBackOff")), true},
		"of a DaemonSet":             {pod("Pending", owner("apps/v1", "DaemonSet", true), waiting("ImagePullBackOff")), true},
		"of a Job":                   {pod("Pending", owner("batch/v1", "Job", true), waiting("ImagePullBackOff")), false},
		"of somebody else's kind":    {pod("Pending", owner("example.com/v1", "ReplicaSet", true), waiting("ImagePullBackOff")), false},
		"of no controller":           {pod("Pending", owner("apps/v1", "ReplicaSet", false), waiting("ImagePullBackOff")), false},
		"of nobody":                  {object{"metadata": object{"name": "bare"}, "spec": object{"containers": make([]any, 1)}, "status": object{"phase": "Pending", "containerStatuses": []any{waiting("ImagePullBackOff")}}}, false},
		"that runs":                  {pod("Running", ours, object{"name": "web", "restartCount": int64(0), "started": true, "containerID": "containerd://1", "state": object{"running": object{}}}), false},
		"that says it is Running":    {pod("Running", ours, waiting("ImagePullBackOff")), false},
		"of which one runs":          {pod("Pending", ours, waiting("ImagePullBackOff"), object{"name": "log", "restartCount": int64(0), "state": object{"running": object{}}}), false},
		"whose init container ended": {ended, false},
		"that has restarted":         {pod("Pending", ours, with(object{"restartCount": int64(1)})), false},
		"that ended before":          {pod("Pending", ours, with(object{"lastState": object{"terminated": object{"exitCode": int64(1)}}})), false},
		"that was made":              {pod("Pending", ours, with(object{"containerID": "containerd://1"})), false},
		"that started":               {pod("Pending", ours, with(object{"started": true})), false},
		"where somebody debugs":      {specified(pod("Pending", ours, waiting("ImagePullBackOff")), "ephemeralContainers", 1), false},
		"of which one is not told":   {specified(pod("Pending", ours, waiting("ImagePullBackOff")), "containers", 2), false},
		"whose init container isn't": {specified(pod("Pending", ours, waiting("ImagePullBackOff")), "initContainers", 1), false},
		"that waits for a volume":    {pod("Pending", ours, waiting("ContainerCreating")), false},
		"without a status":           {object{"metadata": object{"name": "new", "ownerReferences": []any{ours}}, "spec": object{"containers": make([]any, 1)}, "status": object{"phase": "Pending"}}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			for account, mayAll := range map[string]bool{"system:serviceaccount:registry-failover:registry-failover-controller": false, "system:node:node-a": true} {
				refusals := p.refusals(t, request{oldObject: test.pod, attributes: map[string]any{"operation": "DELETE", "userInfo": map[string]any{"username": account}}})
				if allowed := refusals == nil; allowed != (test.allowed || mayAll) {
					t.Errorf("%s: %v", account, refusals)
				}
				for _, r := range refusals {
					if !strings.HasPrefix(r, "the controller may delete a pod that ") {
						t.Errorf("refused for %q", r)
					}
				}
			}
		})
	}
}
