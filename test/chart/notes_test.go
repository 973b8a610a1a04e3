package chart

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/corefile"
)

// notesOf renders the notes as an object of a copy of the chart: Helm 3 shows
// them only to a cluster.
func notesOf(t *testing.T, arguments ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(chartDir)); err != nil {
		t.Fatal(err)
	}
	object := `{{ define "notes" }}` + read(t, chartDir+"/templates/NOTES.txt") + `{{ end }}{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}, "data": {"text": {{ include "notes" . | toJson }}}}`
	if err := os.WriteFile(dir+"/templates/notes.yaml", []byte(object), 0o600); err != nil {
		t.Fatal(err)
	}
	all := renderChart(t, dir, append([]string{"--namespace=ops", "--values=" + example}, arguments...)...)
	return get[corev1.ConfigMap](t, all, "ConfigMap", "notes").Data["text"]
}

func TestNotesNameTheNextThreeCommands(t *testing.T) {
	t.Run("with the names of the values", func(t *testing.T) {
		got := notesOf(t, "--set=dns.clusterIP=172.16.0.53")
		for _, want := range []string{
			"kubectl -n ops rollout status daemonset/registry-failover-resolver\n",
			"kubectl -n ops wait --for=create configmap/registry-failover\n   kubectl registry-failover status --namespace ops\n   kubectl -n ops get configmap registry-failover -o yaml ",
			"   kubectl registry-failover failover --to hangzhou --namespace ops\n",
			"Registry Failover leads cross-region.registry.io. The switch follows PrivateZone until somebody throws it.\n",
			`kubectl -n ops patch configmap registry-failover --type merge -p '{"data":{"cross-region.registry.io":"hangzhou"}}'` + "\n",
			"kubectl registry-failover coredns --apply --namespace ops\n",
			indented(corefile.Stanza([]string{"cross-region.registry.io"}, "172.16.0.53")),
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
		if strings.Contains(got, "WARNING") {
			t.Error(got)
		}
	})
	for sentence, test := range map[string]struct{ set, want string }{
		"a ConfigMap that the plugin doesn't know is named": {"=coredns.configMap=dns", "kubectl -n kube-system edit configmap dns\n\n    # BEGIN"},
		"an address that the cluster chooses is asked for":  {"=dns.clusterIP=", "kubectl -n ops get service registry-failover-resolver-dns -o jsonpath='{.spec.clusterIP}'"},
		"one replica is too few":                            {"=dns.replicas=1", "WARNING: dns.replicas is 1"},
		"an audit moves nothing":                            {"=config.admission.enforcement=Audit", "WARNING: config.admission.enforcement is Audit"},
		"a write-back concerns the whole VPC":               {"=config.privateZone.writeBack=true,config.cluster.vpcID=vpc-1,config.credentials.provider=RRSA", "WARNING: config.privateZone.writeBack is true: from here on a failover"},
		"and so does a dry run later":                       {"=config.privateZone.writeBack=true,config.privateZone.dryRun=true,config.cluster.vpcID=vpc-1,config.credentials.provider=RRSA", "writeBack is true: with dryRun this is only shown"},
		"nodes without a block follow PrivateZone":          {"=config.node.hosts=Off", "WARNING: config.node.hosts is Off"},
		"and so with YAML's Off":                            {"=config.node.hosts=false", "WARNING: config.node.hosts is Off"},
		"automatic mode needs to know of private images":    {"=config.failover.mode=Automatic", "WARNING: config.failover.mode is Automatic, and config.pullSecrets.mode Off"},
		"also with YAML's Off":                              {"=config.failover.mode=Automatic,config.pullSecrets.mode=false", "WARNING: config.failover.mode is Automatic"},
		"an extra source may be an instance":                {"=config.endpoints[0].rewrite.extraSources[0]=Registry.example.com", "WARNING: image.registry is on Registry.example.com, an extra source"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := notesOf(t, "--set"+test.set); !strings.Contains(got, test.want) {
				t.Errorf("%q is missing in\n%s", test.want, got)
			}
		})
	}
}

// indented is the text as the notes have it.
func indented(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		lines.WriteString("    " + line)
	}
	return lines.String()
}

func TestAnUpgradeSaysThatTheSwitchStays(t *testing.T) {
	got := notesOf(t, "--is-upgrade")
	if !strings.Contains(got, "The switch stays as it is: a failover outlives an upgrade.") || strings.Contains(got, "follows PrivateZone until") {
		t.Error(got)
	}
}

func TestNotesDoNotWarnOfWhatIsFine(t *testing.T) {
	for _, set := range []string{
		"pullSecrets.mode=Off", "pullSecrets.mode=false", "pullSecrets.mode=Check,config.pullSecrets.namespaces[0]=*",
		"failover.mode=Manual", "failover.mode=Automatic,config.failover.readyShare=0",
		"failover.mode=Automatic,config.pullSecrets.mode=Check,config.pullSecrets.namespaces[0]=*", "privateZone.source=VPCDNS", "node.resetConnections=true",
	} {
		if got := notesOf(t, "--set=config."+set); strings.Contains(got, "WARNING") {
			t.Errorf("%s: %s", set, got)
		}
	}
}
