package pullsecrets

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registry-failover/registry-failover/internal/podimages"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	image     = internalB + "/demo/web:1"
	create    = "  kubectl create secret docker-registry pull-%s --namespace shop --docker-server=%s --docker-username=USER --docker-password=PASSWORD, and add it where these pods have their imagePullSecrets from (their template, or the ServiceAccount default), and make them anew\n"
	permanent = "  keep a Secret with a permanent account (user and password of the instance, not cr_temp_user) in imagePullSecrets%s\n"
	public    = "  see that every instance lets them pull under the name of the shared endpoint, too; else add a pull secret "
	anonymous = public + "to imagePullSecrets of the ServiceAccount default, and make these pods anew\n"
	others    = public + "where these pods have their imagePullSecrets from (their template, or the ServiceAccount default), and make them anew\n"
	fine      = "ok : 1 pod has a credential for every instance, and one that outlives an hour\n"
	noneOfA   = "no credential for hangzhou: its images aren't pulled once the shared endpoint leads there"
)

// companion is what the controller makes of a Secret for an instance.
func companion(secret, instance string) *corev1.Secret {
	return pullSecret(core.CompanionName(secret, shared, instance), shared)
}

func TestWhatPodsHaveForEachInstance(t *testing.T) {
	derive := config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}}
	both := []string{"pull-a", "pull-b"}
	a, b := pullSecret("pull-a", publicA), pullSecret("pull-b", internalB)
	companionA, companionB := companion("pull-a", "hangzhou"), companion("pull-b", "zhangjiakou")
	names := []string{companionA.Name, companionB.Name}
	long := passwordSecret("long", "puller", strings.Repeat("x", core.MaxBytes), publicA)
	temporary := passwordSecret("pull-b", core.TemporaryUser, "token", internalB)
	for sentence, test := range map[string]struct {
		settings config.PullSecrets
		objects  []runtime.Object
		want     string
	}{
		"a Secret for each instance's own host waits for the mode": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, image), a, b},
			"failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (pull-a) and zhangjiakou (pull-b) (Pod/web)\n" +
				"  set pullSecrets: {mode: Derive, namespaces: [shop]}, and new pods are given a companion of each for the shared endpoint\n",
		},
		"one file with both hosts is as good": {
			config.PullSecrets{Mode: config.PullSecretsCheck, Namespaces: []string{"bank"}}, []runtime.Object{pod("web", []string{"both"}, image), pullSecret("both", publicA, internalB)},
			"failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (both) and zhangjiakou (both) (Pod/web)\n" +
				"  set pullSecrets: {mode: Derive, namespaces: [bank, shop]}, and new pods are given a companion of each for the shared endpoint\n",
		},
		"what is set already stays": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"bank"}, Mint: []string{"bank"}, BreakGlass: "glass"},
			[]runtime.Object{pod("web", []string{"both"}, image), pullSecret("both", publicA, internalB)},
			"failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (both) and zhangjiakou (both) (Pod/web)\n" +
				"  set pullSecrets: {mode: Derive, namespaces: [bank, shop], mint: [bank], breakGlass: glass}, and new pods are given a companion of each for the shared endpoint\n",
		},
		"the mode with its companions is enough": {derive, []runtime.Object{pod("web", both, image), a, b, companionA, companionB}, fine},
		"a companion that isn't there yet": {
			derive, []runtime.Object{pod("web", both, image), a, b, companionB},
			"warning shop/default: the companion isn't there yet for hangzhou (pull-a) (Pod/web)\n" +
				"  look again in some seconds; where it still isn't there, the controller's log tells why\n",
		},
		"a credential is missing for the standby": {
			derive, []runtime.Object{pod("web", []string{"pull-b"}, image), b, companionB},
			"failed shop/default: " + noneOfA + " (Pod/web)\n" + fmt.Sprintf(create, "hangzhou", "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
		},
		"a Secret that pods list for it isn't there": {
			derive, []runtime.Object{pod("web", both, image), b, companionB},
			"failed shop/default: " + noneOfA + "; the Secret pull-a that they list isn't there (Pod/web)\n" + fmt.Sprintf(create, "hangzhou", "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
		},
		"a companion of a Secret without that credential, which the webhook has guessed": {
			derive, []runtime.Object{pod("web", []string{"pull-b", core.CompanionName("pull-b", shared, "hangzhou"), companionB.Name}, shared+"/demo/web:1", wasRewritten), b, companionB},
			"failed shop/default: " + noneOfA + " (Pod/web)\n" + fmt.Sprintf(create, "hangzhou", "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
		},
		"companions that a pod lists serve it in every mode": {config.PullSecrets{}, []runtime.Object{pod("web", append(both, names...), image), a, b, companionA, companionB}, fine},
		"a pod that was rewritten before its companions were there": {
			derive, []runtime.Object{pod("web", both, shared+"/demo/web:1", wasRewritten), a, b, companionA, companionB},
			"warning shop/default: pods from before their companions: only new ones are given hangzhou (pull-a.hangzhou." + shared + ") and zhangjiakou (pull-b.zhangjiakou." + shared + ") (Pod/web)\n" +
				"  make these pods anew, as with kubectl rollout restart\n",
		},
		"a pod that was rewritten with them": {derive, []runtime.Object{pod("web", append(both, names...), shared+"/demo/web:1", wasRewritten), a, b, companionA, companionB}, fine},
		"a pod that names the shared endpoint itself is given nothing": {
			derive, []runtime.Object{pod("web", both, shared+"/demo/web:1"), a, b, companionA, companionB},
			"failed shop/default: no credential for the shared endpoint, only for the own hosts of hangzhou (pull-a) and zhangjiakou (pull-b) (Pod/web)\n" +
				"  name the images by a source host, so that the webhook rewrites the pods and attaches companions; or list one Secret for the shared endpoint with the user of each of them, such as by " +
				strings.TrimPrefix(fmt.Sprintf(create, "hangzhou", shared), "  "),
		},
		"whose a credential for the shared endpoint is can't be seen": {
			config.PullSecrets{}, []runtime.Object{pod("web", []string{"pull"}, shared+"/demo/web:1"), pullSecret("pull", shared)},
			"unknown shop/default: a credential for the shared endpoint itself (pull): whether it is one for hangzhou and zhangjiakou shows only where it is used (Pod/web)\n" +
				"  look again with --login\n",
		},
		"a token that ends within an hour": {
			derive, []runtime.Object{pod("web", both, image), a, temporary, companionA, passwordSecret(companionB.Name, core.TemporaryUser, "token", shared)},
			"warning shop/default: what there is ends within an hour: zhangjiakou (pull-b.zhangjiakou." + shared + "); nothing is pulled in an outage of what renews it (Pod/web)\n" + fmt.Sprintf(permanent, ", or name one in pullSecrets.breakGlass"),
		},
		"a token where nothing is attached, and a break-glass Secret neither": {
			config.PullSecrets{}, []runtime.Object{pod("web", []string{"own"}, image), passwordSecret("own", core.TemporaryUser, "token", shared)},
			"warning shop/default: what there is ends within an hour: hangzhou (own) and zhangjiakou (own); nothing is pulled in an outage of what renews it (Pod/web)\n" + fmt.Sprintf(permanent, "") +
				"unknown shop/default: a credential for the shared endpoint itself (own): whether it is one for hangzhou and zhangjiakou shows only where it is used (Pod/web)\n  look again with --login\n",
		},
		"a token beside a permanent credential of the break-glass Secret": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, BreakGlass: "glass"},
			[]runtime.Object{pod("web", both, image), a, temporary, companionA, passwordSecret(companionB.Name, core.TemporaryUser, "token", shared), pullSecret("glass", shared)}, fine,
		},
		"a token of each instance that was minted": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, Mint: []string{"shop"}},
			[]runtime.Object{
				pod("web", []string{"hub"}, image), pullSecret("hub", "docker.io"),
				passwordSecret(core.MintedName(shared, "hangzhou"), core.TemporaryUser, "token", shared), pullSecret(core.MintedName(shared, "zhangjiakou"), shared),
			},
			"warning shop/default: what there is ends within an hour: hangzhou (registry-failover-minted.hangzhou." + shared + "); nothing is pulled in an outage of what renews it (Pod/web)\n" + fmt.Sprintf(permanent, ", or name one in pullSecrets.breakGlass"),
		},
		"a credential for other repositories is none": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, image), pullSecret("pull-a", publicA+"/other"), b},
			"failed shop/default: no credential for the shared endpoint, only for the own hosts of zhangjiakou (pull-b) (Pod/web)\n" +
				"  set pullSecrets: {mode: Derive, namespaces: [shop]}, and new pods are given a companion of each for the shared endpoint\n" +
				"failed shop/default: " + noneOfA + " (Pod/web)\n" + fmt.Sprintf(create, "hangzhou", "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
		},
		"nothing is derived of a Secret with a credential for the shared endpoint": {
			derive, []runtime.Object{pod("web", []string{"pull-a", "mixed"}, image), a, companionA, pullSecret("mixed", internalB, shared+"/other")},
			"failed shop/default: " + strings.Replace(noneOfA, "hangzhou", "zhangjiakou", 1) + " (Pod/web)\n" + fmt.Sprintf(create, "zhangjiakou", internalB),
		},
		"a credential for an extra source is nobody's": {
			config.PullSecrets{}, []runtime.Object{pod("web", []string{"old"}, extra+"/demo/web:1"), pullSecret("old", extra)},
			"failed shop/default: " + noneOfA + " (Pod/web)\n" + fmt.Sprintf(create, "hangzhou", shared) +
				"failed shop/default: " + strings.Replace(noneOfA, "hangzhou", "zhangjiakou", 1) + " (Pod/web)\n" + fmt.Sprintf(create, "zhangjiakou", shared),
		},
		"no pull secret at all": {
			derive, []runtime.Object{pod("web", nil, image)},
			"warning shop/default: no pull secret: they pull anonymously, or with credentials of the node (Pod/web)\n" + anonymous,
		},
		"pull secrets for others": {
			derive, []runtime.Object{pod("web", []string{"hub", "gone"}, image), pullSecret("hub", "docker.io")},
			"warning shop/default: no pull secret for the shared endpoint or an instance: they pull anonymously, or with credentials of the node; the Secret gone that they list isn't there (Pod/web)\n" + others,
		},
		"what kubelet can't use": {
			derive, []runtime.Object{pod("web", []string{"opaque"}, image), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "opaque"}, Type: corev1.SecretTypeOpaque}},
			"warning shop/opaque: pods list this Secret, and kubelet can't use it: " + core.ErrNoPullSecret.Error() + "\n  make it anew, or take it out of imagePullSecrets\n" +
				"warning shop/default: no pull secret for the shared endpoint or an instance: they pull anonymously, or with credentials of the node (Pod/web)\n" + others,
		},
		"what kubelet can use, and nobody here reads": {
			derive, []runtime.Object{pod("web", append(both, "long"), image), b, companionB, long},
			"unknown shop/long: pods list this Secret, and it isn't read, here and by the controller: " + core.ErrTooLong.Error() + "\n  make it anew with less in it\n",
		},
		"a break-glass Secret that is listed, and for an instance's own host": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, BreakGlass: "glass"},
			[]runtime.Object{pod("web", []string{"pull-a", "pull-b", "glass"}, image), a, b, companionA, companionB, pullSecret("glass", internalB)},
			"warning shop/glass: pullSecrets.breakGlass names this Secret, and it has no credential for a shared endpoint; nothing is derived of it\n" +
				"  make it anew, with a credential for the shared endpoint\n" + fine,
		},
		"a break-glass Secret with what nothing else has": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}, BreakGlass: "glass"},
			[]runtime.Object{pod("web", []string{"pull-a", "glass"}, image), a, companionA, pullSecret("glass", internalB)},
			"failed shop/default: " + strings.Replace(noneOfA, "hangzhou", "zhangjiakou", 1) + " (Pod/web)\n" + fmt.Sprintf(create, "zhangjiakou", internalB) +
				"warning shop/glass: pullSecrets.breakGlass names this Secret, and it has no credential for a shared endpoint; nothing is derived of it\n" +
				"  make it anew, with a credential for the shared endpoint\n",
		},
		"nothing pulls from there": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, "docker.io/demo/web:1"), pod("system", both, image, in("kube-system")), pod("ours", nil, image, in(product))},
			"ok : no pod pulls from a shared endpoint, or would\n",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			results := run(t, example(t, test.settings), test.objects...)
			if diff := cmp.Diff(test.want, text(results[0])); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodsAreToldTogether(t *testing.T) {
	controller := true
	deployed := func(p *corev1.Pod) {
		p.Labels = map[string]string{"pod-template-hash": "6d4b"}
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-6d4b", Controller: &controller}}
	}
	both := []string{"pull-a", "pull-b"}
	var objects []runtime.Object
	for n := range 3 {
		objects = append(objects, pod(fmt.Sprint("web-6d4b-", n), both, internalB+fmt.Sprintf("/demo/%d:1", n), deployed))
	}
	objects = append(objects,
		pod("job", both, image, as("ci")), pod("trial", both, image, in("trial")), pod("out", both, image, in("out")),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "trial", Labels: map[string]string{"registry-failover.io/enforcement": "Audit"}}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "out", Labels: map[string]string{podimages.OptOutLabel: "false"}}},
	)
	for _, namespace := range []string{"shop", "trial", "out"} {
		objects = append(objects, inNamespace(pullSecret("pull-a", publicA), namespace), inNamespace(pullSecret("pull-b", internalB), namespace))
	}
	const what = ": no credential for the shared endpoint, only for the own hosts of hangzhou (pull-a) and zhangjiakou (pull-b) "
	const remedy = "\n  set pullSecrets: {mode: Derive, namespaces: [shop, trial]}, and new pods are given a companion of each for the shared endpoint\n"
	want := "failed shop/ci" + what + "(Pod/job)" + remedy +
		"failed shop/default" + what + "(3 pods, such as a pod of Deployment/web)" + remedy +
		"warning trial/default" + what + "(Pod/trial)" + remedy
	if diff := cmp.Diff(want, text(run(t, example(t, config.PullSecrets{}), objects...)[0])); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestManyNamespacesAreAllNamespaces(t *testing.T) {
	var objects []runtime.Object
	for n := range maxListed + 1 {
		namespace := fmt.Sprint("team-", n)
		objects = append(objects, pod("web", []string{"pull-b"}, image, in(namespace)), inNamespace(pullSecret("pull-b", internalB), namespace))
	}
	got := text(run(t, example(t, config.PullSecrets{}), objects...)[0])
	if n := strings.Count(got, `set pullSecrets: {mode: Derive, namespaces: ["*"]},`); n != maxListed+1 {
		t.Errorf("%d remedies in\n%s", n, got)
	}
}
