package readiness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	source = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	other  = "sha256:a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// podOf names images, and runs each with the digest.
func podOf(namespace, name string, owner *metav1.OwnerReference, secrets []string, images ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if owner != nil {
		p.OwnerReferences = []metav1.OwnerReference{*owner}
	}
	for _, s := range secrets {
		p.Spec.ImagePullSecrets = append(p.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	for _, image := range images {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: image, Image: image, ImagePullPolicy: corev1.PullIfNotPresent})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: image, ImageID: shared + "/any@" + digest})
	}
	return p
}

func controlledBy(kind, name string) *metav1.OwnerReference {
	return &metav1.OwnerReference{Kind: kind, Name: name, Controller: new(true)}
}

func template(images ...string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: podOf("", "", nil, nil, images...).Spec}
}

func TestWhatAClusterWants(t *testing.T) {
	web := shared + "/demo/web:1"
	over := batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}
	inShop := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }
	moved := podOf("shop", "web-3", controlledBy("StatefulSet", "web"), []string{"pull"}, web)
	moved.Status.ContainerStatuses[0].ImageID = shared + "/any@" + other
	imported := podOf("shop", "imported", nil, nil, shared+"/demo/imported:1")
	imported.Status.ContainerStatuses[0].ImageID = "sha256:0123"
	going := podOf("shop", "going", nil, nil, shared+"/demo/going:1")
	going.DeletionTimestamp, going.Finalizers = &metav1.Time{}, []string{"example.com/wait"}
	never := podOf("shop", "never", nil, nil, shared+"/demo/never:1")
	never.Spec.Containers[0].ImagePullPolicy = corev1.PullNever
	cluster := fake.NewClientset(
		podOf("shop", "web-1", controlledBy("StatefulSet", "web"), []string{"pull"}, web),
		podOf("shop", "web-2", controlledBy("StatefulSet", "web"), []string{"pull"}, web), moved,
		podOf("pay", "old", nil, nil, source+"/demo/web:1", "docker.io/library/busybox"), // of before the installation
		podOf("kube-system", "system", nil, nil, source+"/demo/system:1"),
		podOf("shop", "pinned", nil, nil, shared+"/demo/pinned@"+digest), imported, never, going,
		&appsv1.StatefulSet{ObjectMeta: inShop("web"), Spec: appsv1.StatefulSetSpec{Template: template(web)}},
		&appsv1.Deployment{ObjectMeta: inShop("asleep"), Spec: appsv1.DeploymentSpec{Template: template(source + "/demo/asleep:1")}},
		&appsv1.DaemonSet{ObjectMeta: inShop("log"), Spec: appsv1.DaemonSetSpec{Template: template(shared + "/demo/log:1")}},
		&batchv1.Job{ObjectMeta: inShop("running"), Spec: batchv1.JobSpec{Template: template(shared + "/demo/running:1")}},
		&batchv1.Job{ObjectMeta: inShop("over"), Spec: batchv1.JobSpec{Template: template(shared + "/demo/over:1")}, Status: over},
		&batchv1.CronJob{ObjectMeta: inShop("nightly"), Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template(shared + "/demo/nightly")}}}},
	)
	c := parse(t, "")
	r, err := c.Rewriter()
	must(t, err)
	s, err := Cluster{cluster.CoreV1(), cluster.AppsV1(), cluster.BatchV1()}.survey(t.Context(), r, "registry-failover", config.Enforce)
	must(t, err)
	type seen struct {
		Reference string
		Digests   []string
		Workloads []string
		Pullers   []Puller
	}
	got := map[string]seen{}
	for name, w := range s.wanted {
		of := seen{w.Reference, w.digests, w.workloads, nil}
		for _, p := range w.pullers {
			of.Pullers = append(of.Pullers, *p)
		}
		if w.Endpoint != shared || w.Repository == "" {
			t.Errorf("%+v", w.Image)
		}
		got[name] = of
	}
	byAccount := []Puller{{Namespace: "shop", Account: "default"}}
	want := map[string]seen{
		web: {
			"1",
			[]string{digest, other},
			[]string{"pay/Pod/old", "shop/StatefulSet/web"},
			[]Puller{{Namespace: "pay"}, {Namespace: "shop", Listed: "pull"}},
		},
		shared + "/demo/pinned@" + digest: {digest, []string{digest}, []string{"shop/Pod/pinned"}, []Puller{{Namespace: "shop"}}},
		shared + "/demo/imported:1":       {"1", nil, []string{"shop/Pod/imported"}, []Puller{{Namespace: "shop"}}},
		shared + "/demo/asleep:1":         {"1", nil, []string{"shop/Deployment/asleep"}, byAccount},
		shared + "/demo/log:1":            {"1", nil, []string{"shop/DaemonSet/log"}, byAccount},
		shared + "/demo/running:1":        {"1", nil, []string{"shop/Job/running"}, byAccount},
		shared + "/demo/nightly":          {"latest", nil, []string{"shop/CronJob/nightly"}, byAccount},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	shapes := map[string]int{}
	for _, shape := range s.shapes {
		shapes[shape.puller.Namespace] += shape.pods
	}
	if diff := cmp.Diff(map[string]int{"shop": 5, "pay": 1}, shapes); diff != "" {
		t.Errorf("pods by namespace: %s", diff)
	}
}

// TestTheHostOfAnImageIsTheEndpoints, however a pod writes it.
func TestTheHostOfAnImageIsTheEndpoints(t *testing.T) {
	r, err := parse(t, "").Rewriter()
	must(t, err)
	s := NewSurvey(r, namespaces(t))
	s.AddPod(podOf("shop", "loud", nil, nil, "Cross-Region.Registry.IO/demo/web:1"))
	if s.wanted[shared+"/demo/web:1"] == nil || len(s.wanted) != 1 {
		t.Errorf("got %v", s.wanted)
	}
}

func TestManyWorkloadsAreCounted(t *testing.T) {
	r, err := parse(t, "").Rewriter()
	must(t, err)
	s := NewSurvey(r, namespaces(t))
	for n := range 25 {
		s.AddPod(podOf("shop", string(rune('a'+n)), nil, nil, shared+"/demo/web:1"))
	}
	w := s.wanted[shared+"/demo/web:1"]
	if len(w.workloads) != mostWorkloads || w.more != 25-mostWorkloads || len(s.shapes) != 1 {
		t.Errorf("%d are named and %d counted, %d shapes", len(w.workloads), w.more, len(s.shapes))
	}
}
