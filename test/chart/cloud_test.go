package chart

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// fromAPI has the controller read PrivateZone from the cloud's API.
var fromAPI = []string{
	"--values=" + example,
	"--set=config.privateZone.source=API,config.cluster.vpcID=vpc-bbbbb,config.cluster.region=cn-zhangjiakou",
	"--set=config.endpoints[0].instances[0].vpcID=vpc-aaaaa,config.endpoints[0].instances[1].vpcID=vpc-bbbbb",
}

// TestTheControllerGetsTheCredentialsThatAreChosen, and nobody else does.
func TestTheControllerGetsTheCredentialsThatAreChosen(t *testing.T) {
	const base = "/var/run/secrets/registry-failover/"
	for sentence, test := range map[string]struct {
		set     string
		volumes []string
		env     []corev1.EnvVar
	}{
		"an ECS instance has its own": {set: "config.credentials.provider=ECSRAMRole"},
		"an AccessKey is mounted":     {set: "config.credentials.provider=AccessKey,config.credentials.secretName=mine", volumes: []string{"credentials " + base + "credentials mine"}},
		"so is a session":             {set: "config.credentials.provider=STS,config.credentials.secretName=mine", volumes: []string{"credentials " + base + "credentials mine"}},
		"ack-pod-identity-webhook":    {set: "config.credentials.provider=RRSA"},
		"a role in the configuration": {
			set:     "config.credentials.provider=RRSA,config.credentials.roleARN=a,config.credentials.oidcProviderARN=b",
			volumes: []string{"rrsa " + base + "rrsa sts.aliyuncs.com"},
			env:     []corev1.EnvVar{{Name: "ALIBABA_CLOUD_OIDC_TOKEN_FILE", Value: base + "rrsa/token"}},
		},
		"a token of somebody else's": {set: "config.credentials.provider=RRSA,config.credentials.roleARN=a,config.credentials.oidcProviderARN=b,config.credentials.oidcTokenFile=/x"},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, append(slices.Clone(fromAPI), "--set="+test.set)...)
			for name, pod := range pods(t, all) {
				if got := mounted(pod); name == "Deployment registry-failover-controller" {
					if diff := cmp.Diff(test.volumes, got); diff != "" {
						t.Errorf("volumes (-want +got)\n%s", diff)
					}
					if diff := cmp.Diff(test.env, pod.Containers[0].Env); diff != "" {
						t.Errorf("environment (-want +got)\n%s", diff)
					}
				} else if len(got) > 0 {
					t.Errorf("%s mounts %v", name, got)
				}
			}
		})
	}
}

// mounted are the volumes with credentials of the cloud, where they are mounted, and their source.
func mounted(pod corev1.PodSpec) []string {
	var found []string
	for _, c := range pod.Containers {
		for _, m := range c.VolumeMounts {
			at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
			switch v := pod.Volumes[at]; v.Name {
			case "credentials":
				text := v.Name + " " + m.MountPath + " " + v.Secret.SecretName
				if v.Secret.Optional == nil || !*v.Secret.Optional { // without it, no pod would start, and a failover needs no cloud
					text += ", which must be there"
				}
				found = append(found, text)
			case "rrsa":
				found = append(found, v.Name+" "+m.MountPath+" "+v.Projected.Sources[0].ServiceAccountToken.Audience)
			}
		}
	}
	return found
}

// TestTheControllerIsReplacedWhenItsCredentialsChange: it doesn't follow them.
func TestTheControllerIsReplacedWhenItsCredentialsChange(t *testing.T) {
	annotations := func(set string) map[string]string {
		all := render(t, append(slices.Clone(fromAPI), "--set=config.credentials.provider=ECSRAMRole,"+set)...)
		return get[appsv1.Deployment](t, all, "Deployment", "registry-failover-controller").Spec.Template.Annotations
	}
	before := annotations("config.node.hosts=Always")
	if diff := cmp.Diff(before, annotations("config.node.hosts=OnFailover")); diff != "" || len(before) != 1 {
		t.Errorf("what it follows replaces it: %s", diff)
	}
	for _, set := range []string{"config.credentials.roleName=x", "config.cluster.region=cn-beijing"} {
		if cmp.Equal(before, annotations(set)) {
			t.Errorf("%s doesn't replace it", set)
		}
	}
}

func TestAVPCsEndpointsAreAFlag(t *testing.T) {
	for set, want := range map[string]bool{"controller.vpcEndpoints=true": true, "controller.vpcEndpoints=false": false} {
		all := render(t, append(slices.Clone(fromAPI), "--set=config.credentials.provider=ECSRAMRole,"+set)...)
		args := get[appsv1.Deployment](t, all, "Deployment", "registry-failover-controller").Spec.Template.Spec.Containers[0].Args
		if slices.Contains(args, "--vpc-endpoints") != want {
			t.Errorf("%s: %v", set, args)
		}
	}
}

// TestTheStatusIsTheControllersToWrite, also to take away what was found by a part that is off now.
func TestTheStatusIsTheControllersToWrite(t *testing.T) {
	const right = "registry-failover:  configmaps: get,patch registry-failover-status"
	for _, arguments := range [][]string{
		append(slices.Clone(fromAPI), "--set=config.credentials.provider=ECSRAMRole,prober.enabled=false"),
		{"--values=" + example},
		{"--values=" + example, "--set=prober.enabled=false"},
	} {
		arguments = append(arguments, "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall")
		for who, got := range rights(t, render(t, arguments...)) {
			if mayWrite := slices.Contains(got, right); mayWrite != (who == "ServiceAccount registry-failover registry-failover-controller") {
				t.Errorf("%v: %s: %q", arguments, who, got)
			}
		}
	}
}

// TestAWriteBackTakesNoMoreThanItNeeds beside the credentials.
func TestAWriteBackTakesNoMoreThanItNeeds(t *testing.T) {
	const on = "--set=config.privateZone.writeBack=true,config.cluster.vpcID=vpc-1,config.credentials.provider=AccessKey,config.credentials.secretName=mine"
	for set, want := range map[string]bool{on: true, "--set=config.privateZone.writeBack=false": false} {
		all := render(t, "--values="+example, set)
		rules := get[rbacv1.ClusterRole](t, all, "ClusterRole", "registry-failover-controller").Rules
		got := slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
			return cmp.Equal(r, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: []string{"kube-system"}, Verbs: []string{"get"}})
		})
		mounts := len(mounted(pods(t, all)["Deployment registry-failover-controller"])) > 0
		if got != want || mounts != want {
			t.Errorf("%s: reads kube-system: %t, has credentials: %t", set, got, mounts)
		}
	}
}

// TestTokensForPullSecretsTakeNoMoreThanTheyNeed: credentials, and
// a controller that is replaced when the first namespace gets them or the last has lost them.
func TestTokensForPullSecretsTakeNoMoreThanTheyNeed(t *testing.T) {
	const derive = "--set=config.pullSecrets.mode=Derive,config.pullSecrets.namespaces[0]=shop,config.pullSecrets.namespaces[1]=batch,config.credentials.provider=AccessKey,config.credentials.secretName=mine"
	all := func(arguments ...string) (string, bool) {
		objects := render(t, append([]string{"--values=" + example, derive}, arguments...)...)
		mounts := len(mounted(pods(t, objects)["Deployment registry-failover-controller"])) > 0
		return get[appsv1.Deployment](t, objects, "Deployment", "registry-failover-controller").Spec.Template.Annotations["registry-failover.io/cloud"], mounts
	}
	annotation, mounts := all()
	if annotation != "" || mounts {
		t.Errorf("without tokens: %q, has credentials: %t", annotation, mounts)
	}
	one, mounts := all("--set=config.pullSecrets.mint[0]=shop")
	if one == "" || !mounts {
		t.Errorf("with tokens: %q, has credentials: %t", one, mounts)
	}
	if two, _ := all("--set=config.pullSecrets.mint[0]=shop,config.pullSecrets.mint[1]=batch"); two != one {
		t.Error("another namespace replaces the controller")
	}
	const zones = "--set=config.privateZone.writeBack=true,config.cluster.vpcID=vpc-1"
	before, _ := all(zones)
	if after, _ := all(zones, "--set=config.pullSecrets.mint[0]=shop"); after == before {
		t.Error("the first namespace doesn't replace the controller")
	}
}
