package chart

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// TestTheWebhookKnowsPullSecretsWhereTheyConcernIt: by a ConfigMap that the controller
// makes later, so that the pod must start without, and by nothing that needs a token.
func TestTheWebhookKnowsPullSecretsWhereTheyConcernIt(t *testing.T) {
	const flag = "--pull-secrets=/etc/registry-failover-pull-secrets"
	for sentence, test := range map[string]struct {
		arguments []string
		knows     bool
	}{
		"the mode is left out":      {nil, false},
		"the mode is Off":           {[]string{"--set-string=config.pullSecrets.mode=Off"}, false},
		"the mode is a bare Off":    {[]string{"--set=config.pullSecrets.mode=false"}, false},
		"the mode is Check":         {[]string{"--set=config.pullSecrets.mode=Check", "--set=config.pullSecrets.namespaces={shop}"}, true},
		"the mode is Derive":        {[]string{"--set=config.pullSecrets.mode=Derive", "--set=config.pullSecrets.namespaces={shop}"}, true},
		"it is Derive, for all":     {[]string{"--set=config.pullSecrets.mode=Derive", "--set=config.pullSecrets.namespaces={*}"}, true},
		"there are namespaces only": {[]string{"--set=config.pullSecrets.namespaces={shop}"}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			pod := pods(t, render(t, append(test.arguments, "--values="+example)...))["Deployment registry-failover-webhook"]
			at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "pull-secrets" })
			if asked := slices.Contains(pod.Containers[0].Args, flag); asked != test.knows || at >= 0 != test.knows {
				t.Fatalf("it has the arguments %q and the volumes %v", pod.Containers[0].Args, pod.Volumes)
			}
			mounted := slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool {
				return m.Name == "pull-secrets" && m.MountPath == "/etc/registry-failover-pull-secrets" && m.ReadOnly
			})
			if mounted != test.knows {
				t.Errorf("it mounts %v", pod.Containers[0].VolumeMounts)
			}
			if !test.knows {
				return
			}
			if m := pod.Volumes[at].ConfigMap; m == nil || m.Name != pullsecrets.IndexName || m.Optional == nil || !*m.Optional || m.Items != nil {
				t.Errorf("the volume is %+v", pod.Volumes[at])
			}
		})
	}
}
