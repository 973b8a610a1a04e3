package e2e

import (
	"fmt"
	"testing"
)

// TestFailover plays the same life of an installation with both versions of
// helm that are in use. On the same cluster the second starts on what the first
// has left: nothing.
func TestFailover(t *testing.T) {
	for _, helm := range []int{3, 4} {
		t.Run(fmt.Sprintf("helm %d", helm), func(t *testing.T) {
			s := newScenario(t, helm)
			if helm == 4 {
				s.onlooker = lookOn(t)
			}
			for _, step := range []struct {
				name string
				play func(*scenario, *testing.T)
				once bool // what a version of helm has no part in is played with one of them
			}{
				{"helm install brings everything up", (*scenario).install, false},
				{"a Deployment is rewritten and pulled from the primary", (*scenario).rewriteAndPull, false},
				{"a pod without a source host never reaches the webhook", (*scenario).skipForeignPods, false},
				{"pods and namespaces that opt out are left alone", (*scenario).leaveAlone, true},
				{"a pod resolves the shared endpoint through CoreDNS as the node does", (*scenario).resolveAlike, false},
				{"after a patch of the switch the next pull goes to the standby and running pods are not touched", (*scenario).failOver, false},
				{"the failover is told once, with who, and by the next leader as before", (*scenario).tellFailover, true},
				{"during the failover a pod resolves what the node does", (*scenario).resolveAlike, false},
				{"a wrong word is refused with its sentence", (*scenario).refuseWrongWords, false},
				{"the policy agrees with the resolvers on every switch", (*scenario).agreeOnGrammar, true},
				{"operators may read and patch the switch and nothing else", (*scenario).limitOperators, true},
				{"a resolver writes the Lease of its own node only", (*scenario).tieLeases, true},
				{"the Lease of a node that is no more is removed", (*scenario).sweepLeases, true},
				{"the webhook serves a new certificate when one is issued", (*scenario).rotateCertificate, true},
				{"helm upgrade during a failover does not undo it", (*scenario).upgrade, false},
				{"deleting the switch is refused", (*scenario).refuseDeletion, false},
				{"a switch that is deleted past the policy comes back with the failover", (*scenario).restoreSwitch, false},
				{"a resolver with an empty cache reads the failover where no switch is left", (*scenario).startWithoutSwitch, false},
				{"with the API server stopped answers and hosts stay, also after restarts", (*scenario).loseAPIServer, false},
				{"back to privatezone the next pull goes to the primary and the node is as before", (*scenario).failBack, false},
				{"with the webhook down pods start as written", (*scenario).loseWebhook, false},
				{"every panel of the dashboard has data", (*scenario).fillDashboard, true},
				{"the figures", (*scenario).measure, true},
				{"helm uninstall leaves nothing on cluster and node", (*scenario).uninstall, false},
			} {
				if step.once && helm != 4 {
					continue
				}
				s.play(t, step.name, step.play)
			}
		})
	}
}
