package stuckpods

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// begin is when the pods of this file were taken by kubelet.
var begin = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func TestFind(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	other := func(p *corev1.Pod) { p.Spec.Containers[0].Image = "docker.io/library/nginx" }
	// initialised gives the pod an init container, of the same image where it has to be pulled.
	initialised := func(status corev1.ContainerStatus, restart *corev1.ContainerRestartPolicy) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			status.Name = "prepare"
			p.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: endpoint + "/demo/prepare:1", RestartPolicy: restart}}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{status}
		}
	}
	mounting := func(p *corev1.Pod) {
		other(p)
		p.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: endpoint + "/demo/model:1"}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model"}}
	}
	for sentence, test := range map[string]struct {
		reason string
		edit   func(*corev1.Pod)
		want   string
	}{
		"in back-off":                     {"ImagePullBackOff", nil, "back-off of " + image},
		"a pull that has failed just now": {"ErrImagePull", nil, "back-off of " + image},
		"a registry that is unreachable":  {"RegistryUnavailable", nil, "back-off of " + image},
		"by the endpoint in another case": {"ErrImagePull", func(p *corev1.Pod) { p.Spec.Containers[0].Image = "Cross-Region.registry.io/demo/web" }, "back-off of Cross-Region.registry.io/demo/web"},
		"of an image of another registry": {"ImagePullBackOff", other, ""},
		"of a source host": {"ImagePullBackOff", func(p *corev1.Pod) {
			p.Spec.Containers[0].Image = "b-registry.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1"
		}, ""},
		"of a volume that is an image":  {"ImagePullBackOff", mounting, "back-off of " + endpoint + "/demo/model:1"},
		"an image that is never pulled": {"ErrImageNeverPull", nil, ""},
		"a crash":                       {"CrashLoopBackOff", nil, ""},
		"being deleted":                 {"ImagePullBackOff", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: begin} }, ""},
		"on no node yet":                {"ImagePullBackOff", func(p *corev1.Pod) { p.Spec.NodeName = "" }, ""},
		"without a status":              {"ImagePullBackOff", func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodPending} }, ""},
		"the second of two": {"ImagePullBackOff", func(p *corev1.Pod) {
			p.Spec.Containers = append([]corev1.Container{{Name: "log", Image: "docker.io/library/log"}}, p.Spec.Containers...)
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: "log", State: running(), ContainerID: "containerd://1"})
		}, "back-off of " + image + ", has run"},
		"after it has run once": {"ImagePullBackOff", func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			p.Status.ContainerStatuses[0].RestartCount, p.Status.ContainerStatuses[0].LastTerminationState = 1, ended(1, begin.Add(time.Hour))
		}, "back-off of " + image + ", has run, since 1h0m0s"},
		"after a restart that is all that is known": {"ImagePullBackOff", func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = 1 }, "back-off of " + image + ", has run"},
		"of a container that was made":              {"ImagePullBackOff", func(p *corev1.Pod) { p.Status.ContainerStatuses[0].ContainerID = "containerd://1" }, "back-off of " + image + ", has run"},
		"beside a container without a status": {"ImagePullBackOff", func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "log"})
		}, "back-off of " + image + ", has run"},
		"where somebody debugs": {"ImagePullBackOff", func(p *corev1.Pod) { p.Spec.EphemeralContainers = make([]corev1.EphemeralContainer, 1) }, "back-off of " + image + ", has run"},
		"after its init container": {"ImagePullBackOff", initialised(corev1.ContainerStatus{State: ended(0, begin.Add(time.Minute))}, nil),
			"back-off of " + image + ", has run, since 1m0s"},
		"in its init container": {"PodInitializing", initialised(corev1.ContainerStatus{State: waiting("ImagePullBackOff")}, nil), "back-off of " + endpoint + "/demo/prepare:1"},

		"while it is pulled":            {"ContainerCreating", nil, "pull of " + image},
		"the first of all":              {"PodInitializing", initialised(corev1.ContainerStatus{State: waiting("PodInitializing")}, nil), "pull of " + endpoint + "/demo/prepare:1"},
		"while its init container runs": {"PodInitializing", initialised(corev1.ContainerStatus{State: running(), Started: new(true)}, nil), ""},
		"when its init container has ended": {"PodInitializing", initialised(corev1.ContainerStatus{State: ended(0, begin.Add(time.Minute))}, nil),
			"pull of " + image + ", has run, since 1m0s"},
		"when its init container has failed": {"PodInitializing", initialised(corev1.ContainerStatus{State: ended(1, begin)}, nil), ""},
		"when its sidecar has started": {"PodInitializing", initialised(corev1.ContainerStatus{State: running(), Started: new(true)}, &always),
			"pull of " + image + ", has run"},
		"while its sidecar starts":            {"PodInitializing", initialised(corev1.ContainerStatus{State: running()}, &always), ""},
		"a pull of another registry":          {"ContainerCreating", other, "pull of "},
		"before it has volumes and a network": {"ContainerCreating", func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }, ""},
		"on a kubelet that doesn't tell":      {"ContainerCreating", func(p *corev1.Pod) { p.Status.Conditions = nil }, ""},
		"an image that is there or nowhere":   {"ContainerCreating", func(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullNever }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			r, err := parse(t).Rewriter()
			must(t, err)
			edits := []func(*corev1.Pod){}
			if test.edit != nil {
				edits = append(edits, test.edit)
			}
			found, is := Find(r, stuck("web-1", "node-a", test.reason, begin, edits...))
			if got := outline(found, is); got != test.want {
				t.Errorf("it is %q, not %q", got, test.want)
			}
		})
	}
}

// outline is a found pod in a few words.
func outline(p Pod, found bool) string {
	if !found {
		return ""
	}
	text := "back-off of " + p.Image
	if p.Pulling {
		text = "pull of " + p.Image
	}
	if !p.NeverRan {
		text += ", has run"
	}
	if after := p.Since.Sub(begin); after != 0 {
		text += ", since " + after.String()
	}
	return text
}

func TestWhoReplacesAPod(t *testing.T) {
	isController := true
	owned := func(version, kind string, controller *bool) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: "x", Controller: controller}}
		}
	}
	for sentence, test := range map[string]struct {
		edit func(*corev1.Pod)
		want string
	}{
		"a ReplicaSet":                   {owned("apps/v1", "ReplicaSet", &isController), "ReplicaSet"},
		"a StatefulSet":                  {owned("apps/v1", "StatefulSet", &isController), "StatefulSet"},
		"a DaemonSet":                    {owned("apps/v1", "DaemonSet", &isController), "DaemonSet"},
		"a Job, which would count it":    {owned("batch/v1", "Job", &isController), ""},
		"a node, of a static pod":        {owned("v1", "Node", &isController), ""},
		"a StatefulSet of somebody else": {owned("apps.kruise.io/v1beta1", "StatefulSet", &isController), ""},
		"an owner that doesn't control":  {owned("apps/v1", "ReplicaSet", nil), ""},
		"nobody":                         {func(p *corev1.Pod) { p.OwnerReferences = nil }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			r, err := parse(t).Rewriter()
			must(t, err)
			found, _ := Find(r, stuck("web-1", "node-a", "ImagePullBackOff", begin, test.edit))
			if found.Replaces != test.want {
				t.Errorf("it is %q", found.Replaces)
			}
		})
	}
}

func TestAFoundPodIsNamedAsItWasRead(t *testing.T) {
	r, err := parse(t).Rewriter()
	must(t, err)
	found, _ := Find(r, stuck("web-1", "node-a", "ImagePullBackOff", begin))
	compare(t, Pod{
		Namespace: "shop", Name: "web-1", UID: "uid-of-web-1", Version: "7", Owner: "ReplicaSet/web-5d4", Replaces: "ReplicaSet", Node: "node-a",
		Endpoint: endpoint, Image: image, Since: begin, NeverRan: true, Pending: true,
	}, found)
}
