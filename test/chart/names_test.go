package chart

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestNamesThatLookLikeNumbersAreText decodes every object as the API server
// does, which refuses a number where a name belongs.
func TestNamesThatLookLikeNumbersAreText(t *testing.T) {
	for sentence, arguments := range map[string][]string{
		"as everybody names them": {},
		"as numbers": {
			"--namespace=123", "--set-string=image.pullSecrets[0]=123", "--set-string=image.tag=1", "--set-string=coredns.namespace=456", "--set-string=coredns.configMap=1e3",
			"--set=operator.subjects[0].kind=ServiceAccount", "--set-string=operator.subjects[0].name=7", "--set-string=operator.subjects[0].namespace=8",
		},
		"as words of YAML": {"--namespace=null", "--set-string=image.pullSecrets[0]=true", "--set-string=coredns.namespace=off", "--set-string=coredns.configMap=0x10"},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, o := range render(t, append([]string{"--values=" + example}, arguments...)...) {
				typed, err := scheme.Scheme.New(o.GroupVersionKind())
				if err != nil {
					t.Fatal(err)
				}
				if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, typed, true); err != nil {
					t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
				}
			}
		})
	}
}
