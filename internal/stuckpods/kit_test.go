package stuckpods

import (
	"flag"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/config"
)

var update = flag.Bool("update", false, "write the tables of docs/stuckpods.md")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	endpoint = "cross-region.registry.io"
	image    = endpoint + "/demo/web:1"
	page     = "../../docs/stuckpods.md"
)

var silent = slog.New(slog.DiscardHandler)

// parse gives the example's configuration.
func parse(t testing.TB) *config.Config {
	t.Helper()
	example, err := os.ReadFile("../../testdata/config/example.yaml")
	must(t, err)
	c, err := config.Parse(example)
	must(t, err)
	return c
}

// thrown is a value of the switch that stands since then.
func thrown(t testing.TB, value string, since time.Time) Thrown {
	t.Helper()
	sw, err := parse(t).Zones()[0].ParseSwitch(value)
	must(t, err)
	return Thrown{Switch: sw, Hash: nodereport.Hash(value), Since: since}
}

// report is what a node tells whose hosts file leads to a target since then.
func report(value, target string, since time.Time) nodereport.Report {
	return nodereport.Report{
		Answers: map[string]nodereport.Answer{endpoint: {Switch: nodereport.Hash(value), Target: target}},
		Hosts:   nodereport.Applied, Since: since,
	}
}

// stuck is a pod of a ReplicaSet on a node whose only container waits, by kubelet's
// reason, since then; edits change it.
func stuck(name, node, reason string, since time.Time, edits ...func(*corev1.Pod)) *corev1.Pod {
	isController := true
	started := metav1.NewTime(since)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-of-" + name), ResourceVersion: "7",
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d4", Controller: &isController}},
		},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "web", Image: image}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodPending, StartTime: &started,
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "web", State: waiting(reason)}},
		},
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

func waiting(reason string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
}

func ended(code int32, at time.Time) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.NewTime(at)}}
}

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func compare(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
