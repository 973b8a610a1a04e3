package chart

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTwoRenderingsAreTheSame(t *testing.T) {
	path := values(t, read(t, repository+"/testdata/config/full.yaml"))
	first, err := template(t, "--values="+path)
	if err != nil {
		t.Fatal(first)
	}
	for range 3 {
		if again, _ := template(t, "--values="+path); again != first {
			t.Fatal("they differ")
		}
	}
}

// TestTemplatesUseValuesAlone: `helm template` has an empty lookup, so that two
// renderings alone don't show one.
func TestTemplatesUseValuesAlone(t *testing.T) {
	action := regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	forbidden := regexp.MustCompile(`\b(lookup|now|ago|rand\w*|gen[A-Z]\w*|uuidv4|getHostByName|htpasswd|bcrypt|encryptAES|shuffle)\b|\.Capabilities|\.Release\.(Is|Revision)`)
	err := filepath.WalkDir(chartDir+"/templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, a := range action.FindAllString(read(t, path), -1) {
			if found := forbidden.FindString(a); found != "" && !strings.HasPrefix(a, "{{/*") && !(entry.Name() == "NOTES.txt" && found == ".Release.Is") {
				t.Errorf("%s has %s, which gives another result elsewhere or later: Argo CD and Flux render without a cluster", path, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHelmFindsNothingToImprove(t *testing.T) {
	if output, err := run(t, "lint", "--strict", "--kube-version=1.30.0", chartDir, "--values="+example); err != nil {
		t.Error(output)
	}
}

func TestTheExampleIsTheManualProceduresOne(t *testing.T) {
	want := "config:\n  " + strings.ReplaceAll(strings.TrimSpace(afterFirstLine(read(t, repository+"/testdata/config/example.yaml"))), "\n", "\n  ") + "\n"
	if got := read(t, example); !strings.HasSuffix(got, want) {
		t.Errorf("%s differs from testdata/config/example.yaml", example)
	}
}

func afterFirstLine(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

func TestMistakesAreToldWithTheirRemedy(t *testing.T) {
	for sentence, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"nothing is set":                       {nil, "image.registry is empty: name the registry that holds the product's images, as host[:port][/path]\nconfig.endpoints is empty: configure at least one shared endpoint, as docs/configuration.md shows"},
		"images from the shared endpoint":      {[]string{"--values=" + example, "--set=image.registry=cross-region.registry.io/x"}, `image.registry: "cross-region.registry.io/x" is a shared endpoint, and the product must start when what it leads to is dead: name another registry`},
		"images from an instance":              {[]string{"--values=" + example, "--set=image.registry=B-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com:443/x"}, `is the instance "zhangjiakou" of "cross-region.registry.io", and the product must start when that is dead: name another registry`},
		"a primary that is none":               {[]string{"--values=" + example, "--set=config.endpoints[0].primary=beijing"}, `config.endpoints[0].primary: "beijing": is no instance of this endpoint: must be hangzhou or zhangjiakou`},
		"one name for two endpoints":           {[]string{"--values=" + values(t, twice(t))}, `config.endpoints[1].name: "cross-region.registry.io": stands at endpoints[0].name already: configure each endpoint once`},
		"CoreDNS's ConfigMap is one of ours":   {[]string{"--values=" + example, "--set=coredns.namespace=" + namespace, "--set=coredns.configMap=registry-failover"}, `coredns.configMap: "registry-failover" is one of the product's own ConfigMaps: name CoreDNS's`},
		"a scheme in the registry":             {[]string{"--values=" + example, "--set=image.registry=https://r.io"}, "\nimage.registry: \"https://r.io\": must be host[:port][/path], without a scheme, a tag and a slash at the end\n"},
		"a slash at its end":                   {[]string{"--values=" + example, "--set=image.registry=r.io/x/"}, "\nimage.registry: \"r.io/x/\": must be host[:port][/path]"},
		"two dots in it":                       {[]string{"--values=" + example, "--set=image.registry=a..b"}, "\nimage.registry: \"a..b\": must be host[:port][/path]"},
		"no registry":                          {[]string{"--values=" + example, "--set=image.registry=null"}, "\nimage.registry is empty: name the registry"},
		"a port and a path":                    {[]string{"--values=" + example, "--set=image.registry=Localhost:5000/a__b/c-d"}, ""},
		"a Service's address that is none":     {[]string{"--values=" + example, "--set=dns.clusterIP=1.2.3"}, "\ndns.clusterIP: \"1.2.3\": is no IP address: write one of the cluster's Services, or nothing\n"},
		"and one of IPv6":                      {[]string{"--values=" + example, "--set=dns.clusterIP=fd00::1::2"}, "at '/dns/clusterIP': 'fd00::1::2' is not valid ipv6"},
		"a Service's address of IPv6":          {[]string{"--values=" + example, "--set=dns.clusterIP=fd00::53"}, ""},
		"no Service's address":                 {[]string{"--values=" + example, "--set=dns.clusterIP=null"}, ""},
		"a ServiceAccount of no namespace":     {[]string{"--values=" + example, "--set=operator.subjects[0].kind=ServiceAccount,operator.subjects[0].name=x"}, "at '/operator/subjects/0': missing property 'namespace'"},
		"a resource that doesn't exist":        {[]string{"--values=" + example, "--set=node.resources.limits.memry=1Gi"}, "at '/node/resources/limits': additional properties 'memry' not allowed"},
		"a quantity that is none":              {[]string{"--values=" + example, "--set=node.resources.limits.memory=1GB"}, "at '/node/resources/limits/memory': '1GB' does not match pattern"},
		"quantities of all kinds":              {[]string{"--values=" + example, `--set=node.resources.limits.memory=1.5Gi,node.resources.limits.cpu=2,node.resources.limits.example\.com/x=1e3`}, ""},
		"a value that doesn't exist":           {[]string{"--values=" + example, "--set=webhook.replica=3"}, "at '/webhook': additional properties 'replica' not allowed"},
		"a Kubernetes that is too old":         {[]string{"--values=" + example, "--kube-version=1.29.9"}, "chart requires kubeVersion: >=1.30.0-0"},
		"a Kubernetes of a vendor that is not": {[]string{"--values=" + example, "--kube-version=v1.30.1-aliyun.1"}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			output, err := template(t, test.arguments...)
			if (err != nil) != (test.want != "") || !strings.Contains(output, test.want) {
				t.Errorf("helm says %v: %.500s", err, output)
			}
		})
	}
}

// twice is the example with its endpoint given twice.
func twice(t *testing.T) string {
	t.Helper()
	text := read(t, repository+"/testdata/config/example.yaml")
	return text + text[strings.Index(text, "- name: cross-region"):]
}

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
			"kubectl -n ops wait --for=create configmap/registry-failover\n   kubectl -n ops get configmap registry-failover -o yaml\n",
			"Registry Failover leads cross-region.registry.io. The switch follows PrivateZone until somebody throws it.\n",
			`kubectl -n ops patch configmap registry-failover --type merge -p '{"data":{"cross-region.registry.io":"hangzhou"}}'` + "\n",
			"    # BEGIN registry-failover\n    cross-region.registry.io:53 {\n        errors\n        forward . 172.16.0.53\n    }\n    # END registry-failover\n",
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
		"an address that the cluster chooses is asked for": {"=dns.clusterIP=", "kubectl -n ops get service registry-failover-resolver-dns -o jsonpath='{.spec.clusterIP}'"},
		"one replica is too few":                           {"=dns.replicas=1", "WARNING: dns.replicas is 1"},
		"an audit moves nothing":                           {"=config.admission.enforcement=Audit", "WARNING: config.admission.enforcement is Audit"},
		"nodes without a block follow PrivateZone":         {"=config.node.hosts=Off", "WARNING: config.node.hosts is Off"},
		"and so with YAML's Off":                           {"=config.node.hosts=false", "WARNING: config.node.hosts is Off"},
		"an extra source may be an instance":               {"=config.endpoints[0].rewrite.extraSources[0]=Registry.example.com", "WARNING: image.registry is on Registry.example.com, an extra source"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := notesOf(t, "--set"+test.set); !strings.Contains(got, test.want) {
				t.Errorf("%q is missing in\n%s", test.want, got)
			}
		})
	}
}

func TestAnUpgradeSaysThatTheSwitchStays(t *testing.T) {
	got := notesOf(t, "--is-upgrade")
	if !strings.Contains(got, "The switch stays as it is: a failover outlives an upgrade.") || strings.Contains(got, "follows PrivateZone until") {
		t.Error(got)
	}
}

// TestNotesWarnOfWhatIsNotBuilt has one value for each key that docs/configuration.md marks
// and that asks for something to be done.
func TestNotesWarnOfWhatIsNotBuilt(t *testing.T) {
	for key, set := range map[string]string{
		"privateZone.source":    "privateZone.source=API,config.credentials.provider=RRSA",
		"privateZone.writeBack": "privateZone.writeBack=true,config.credentials.provider=RRSA",
		"node.resetConnections": "node.resetConnections=true",
		"pullSecrets.mode":      "pullSecrets.mode=Check,config.pullSecrets.namespaces[0]=*",
		"credentials.provider":  "credentials.provider=RRSA",
		"failover.mode":         "failover.mode=Automatic",
		"health.canary":         "health.canary=web@sha256:" + strings.Repeat("a", 64),
	} {
		want := key + ": the part that this asks for is not built yet, so it does nothing."
		if key != "credentials.provider" && strings.Contains(set, "credentials") {
			want = "WARNING: config." + key + ", config.credentials.provider: the part that this asks for is not built yet"
		}
		if got := notesOf(t, "--set=config."+set); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
		if !strings.Contains(read(t, repository+"/docs/configuration.md"), "`"+key+"`") {
			t.Errorf("docs/configuration.md doesn't know %s", key)
		}
	}
	for _, set := range []string{"pullSecrets.mode=Off", "pullSecrets.mode=false", "failover.mode=Manual", "privateZone.source=VPCDNS"} {
		if got := notesOf(t, "--set=config."+set); strings.Contains(got, "WARNING") {
			t.Errorf("%s: %s", set, got)
		}
	}
}

func TestNodesAreLeftAloneWithHostsOff(t *testing.T) {
	for _, off := range []string{"Off", "false"} {
		all := render(t, "--values="+example, "--set=config.node.hosts="+off)
		for _, o := range all {
			if o.GetName() == "registry-failover-resolver" || o.GetName() == "registry-failover-leases" {
				t.Errorf("%s: %s %s is there", off, o.GetKind(), o.GetName())
			}
		}
	}
	if all := render(t, "--values="+example); !all.has("DaemonSet", "registry-failover-resolver") {
		t.Error("the DaemonSet is missing by default")
	}
}

func TestEveryObjectCarriesTheProductsLabels(t *testing.T) {
	for _, o := range render(t, "--values="+example) {
		labels := o.GetLabels()
		if labels["app.kubernetes.io/part-of"] != "registry-failover" || labels["app.kubernetes.io/name"] == "" || labels["app.kubernetes.io/component"] == "" {
			t.Errorf("%s %s has the labels %v", o.GetKind(), o.GetName(), labels)
		}
		if ns := o.GetNamespace(); ns != "" && ns != namespace && o.GetName() != "registry-failover-uninstall-coredns" {
			t.Errorf("%s %s is in %s", o.GetKind(), o.GetName(), ns)
		}
	}
}
