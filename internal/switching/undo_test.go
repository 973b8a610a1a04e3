package switching

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheCommandThatUndoes(t *testing.T) {
	const want = `kubectl --context prod -n registry-failover patch configmap registry-failover --type merge -p '{"data":{"cross-region.registry.io":"to: hangzhou\nreason: it\u0027s < 2 h"}}'`
	if diff := cmp.Diff(want, Undo("registry-failover", shared, "to: hangzhou\nreason: it's < 2 h", []string{"--context", "prod"})); diff != "" {
		t.Error(diff)
	}
}

// TestAShellTakesTheCommandAsItIsMeant has a shell tell what kubectl would be given.
func TestAShellTakesTheCommandAsItIsMeant(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	for _, value := range []string{"privatezone", "to: hangzhou\nreason: $(touch x) `y` \"z\" \\ 'q' é\t!", "\nhangzhou \n"} {
		for _, context := range []string{"prod", "a b'c", "$HOME", ""} {
			command := Undo("ns", shared, value, []string{"--context", context})
			output, err := exec.CommandContext(t.Context(), "sh", "-c", `kubectl() { for a; do printf '%s\0' "$a"; done; }; `+command).Output()
			if err != nil {
				t.Fatal(err)
			}
			args := strings.Split(string(output), "\x00")
			if diff := cmp.Diff([]string{"--context", context, "-n", "ns", "patch", "configmap", "registry-failover", "--type", "merge", "-p"}, args[:10]); diff != "" {
				t.Fatal(diff)
			}
			var patch struct{ Data map[string]string }
			if err := json.Unmarshal([]byte(args[10]), &patch); err != nil || patch.Data[shared] != value {
				t.Errorf("%v: %q", err, patch.Data)
			}
		}
	}
}
