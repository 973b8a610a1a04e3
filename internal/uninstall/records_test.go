package uninstall

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func statusOf(writeBack string) *corev1.ConfigMap {
	return configMap(namespace, "registry-failover-status", map[string]string{name: `{"version":1,"writeBack":` + writeBack + `}`, "other.example.com": "no JSON"})
}

const standing = `{"target":"privatezone","owner":"0a1b2c3d","original":"10.2.0.10","error":"the cloud is dark"}`

func TestRunWaitsForTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("privatezone"), node("node-a"), lease("node-a", "removed"), statusOf(standing))
		time.Sleep(20 * time.Second)
		h.says("cross-region.registry.io led to 10.2.0.10")
		if a := h.annotation(); a != "" {
			t.Errorf("the switch is marked %q while the record is waited for", a)
		}
		if _, err := h.api.CoreV1().ConfigMaps(namespace).Update(t.Context(), statusOf(`{"target":"privatezone"}`), metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if took, err := h.end(); err != nil || took < 20*time.Second || took > 20*time.Second+2*poll {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestARecordThatIsNotRestoredIsARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("privatezone"), statusOf(standing))
		took, err := h.end()
		if took != 2*time.Minute || err == nil || h.annotation() != "" {
			t.Fatalf("after %s: %v, annotation %q", took, err, h.annotation())
		}
		for _, words := range []string{"cross-region.registry.io led to 10.2.0.10 (the cloud is dark)", "registry-failover.io/uninstall=force"} {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%q is not in %v", words, err)
			}
		}
	})
}

func TestAFailoverIsRefusedAtOnceThoughARecordIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, err := start(t, Run, theSwitch("hangzhou"), statusOf(standing)).end()
		if took != 0 || err == nil || !strings.Contains(err.Error(), "the switch doesn't say privatezone") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestForcedRunListsTheRecordsToRestore(t *testing.T) {
	for _, value := range []string{"hangzhou", "privatezone"} {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, Run, theSwitch(value, uninstallAnnotation+"=force"), statusOf(standing))
			if took, err := h.end(); took != 0 || err != nil {
				t.Errorf("after %s: %v", took, err)
			}
			h.says("Restore them by hand", "  cross-region.registry.io led to 10.2.0.10")
		})
	}
}
