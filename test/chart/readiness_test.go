package chart

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// TestNothingIsLeftOfReadinessThatIsOff: its rights reach over the whole cluster.
func TestNothingIsLeftOfReadinessThatIsOff(t *testing.T) {
	const (
		controller = "registry-failover-controller"
		oncall     = "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall"
		check      = "--set=config.pullSecrets.mode=Check,config.pullSecrets.namespaces={*}"
	)
	for sentence, test := range map[string]struct {
		value string
		want  bool
	}{"on": {"true", true}, "off": {"false", false}} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, "--values="+example, check, oncall, "--set=readiness.enabled="+test.value)
			lines := strings.Join(rights(t, all)["ServiceAccount registry-failover "+controller], "\n")
			for _, right := range []string{"deployments+statefulsets+daemonsets: list", "jobs+cronjobs: list", "registry-failover-images", "get,list,watch,patch registry-failover-drills", "serviceaccounts: get"} {
				if strings.Contains(lines, right) != test.want {
					t.Errorf("that the controller may %s is %v:\n%s", right, !test.want, lines)
				}
			}
			if may := strings.Join(rights(t, all)["Group oncall"], "\n"); strings.Contains(may, "registry-failover-images") != test.want {
				t.Errorf("on-call staff may\n%s", may)
			}
			args := get[appsv1.Deployment](t, all, "Deployment", controller).Spec.Template.Spec.Containers[0].Args
			if slices.Contains(args, "--readiness") != test.want {
				t.Errorf("the controller has %v", args)
			}
		})
	}
}
