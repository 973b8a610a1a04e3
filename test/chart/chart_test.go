package chart

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
			found := forbidden.FindString(a)
			toldOnly := entry.Name() == "NOTES.txt" && found == ".Release.Is"
			if found != "" && !toldOnly && !strings.HasPrefix(a, "{{/*") {
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
		"nothing is set":                     {nil, "image.registry is empty: name the registry that holds the product's images, as host[:port][/path]\nconfig.endpoints is empty: configure at least one shared endpoint, as docs/configuration.md shows"},
		"images from the shared endpoint":    {[]string{"--values=" + example, "--set=image.registry=cross-region.registry.io/x"}, `image.registry: "cross-region.registry.io/x" is a shared endpoint, and the product must start when what it leads to is dead: name another registry`},
		"images from an instance":            {[]string{"--values=" + example, "--set=image.registry=B-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com:443/x"}, `is the instance "zhangjiakou" of "cross-region.registry.io", and the product must start when that is dead: name another registry`},
		"a primary that is none":             {[]string{"--values=" + example, "--set=config.endpoints[0].primary=beijing"}, `config.endpoints[0].primary: "beijing": is no instance of this endpoint: must be hangzhou or zhangjiakou`},
		"one name for two endpoints":         {[]string{"--values=" + values(t, twice(t))}, `config.endpoints[1].name: "cross-region.registry.io": stands at endpoints[0].name already: configure each endpoint once`},
		"CoreDNS's ConfigMap is one of ours": {[]string{"--values=" + example, "--set=coredns.namespace=" + namespace, "--set=coredns.configMap=registry-failover"}, `coredns.configMap: "registry-failover" is one of the product's own ConfigMaps: name CoreDNS's`},
		"a scheme in the registry":           {[]string{"--values=" + example, "--set=image.registry=https://r.io"}, "\nimage.registry: \"https://r.io\": must be host[:port][/path], without a scheme, a tag and a slash at the end\n"},
		"a slash at its end":                 {[]string{"--values=" + example, "--set=image.registry=r.io/x/"}, "\nimage.registry: \"r.io/x/\": must be host[:port][/path]"},
		"two dots in it":                     {[]string{"--values=" + example, "--set=image.registry=a..b"}, "\nimage.registry: \"a..b\": must be host[:port][/path]"},
		"pull secrets in the release's namespace": {
			[]string{"--values=" + example, "--namespace=ops", "--set=config.pullSecrets.mode=Derive,config.pullSecrets.namespaces[0]=ops"},
			"\nconfig.pullSecrets.namespaces[0]: \"ops\": is the release's own namespace, whose pods must start when what the shared endpoints lead to is dead: remove it\n",
		},
		"tokens in the release's namespace": {
			[]string{"--values=" + example, "--namespace=ops", "--set=config.credentials.provider=RRSA,config.pullSecrets.mode=Derive,config.pullSecrets.namespaces[0]=*,config.pullSecrets.mint[0]=ops"},
			"\nconfig.pullSecrets.mint[0]: \"ops\": must be one of pullSecrets.namespaces, by its name:",
		},
		"pull secrets that a policy can't attach": {
			[]string{"--values=" + example, "--set=admission.mechanism=Policy,config.pullSecrets.mode=Derive,config.pullSecrets.namespaces[0]=*"},
			"\nadmission.mechanism: \"Policy\": a policy of the API server can't attach the pull secrets that config.pullSecrets.mode Derive makes, and pods would be rewritten without them: write Webhook, or Check or Off for the mode\n",
		},
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
