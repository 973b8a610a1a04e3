package architecture

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A rule forbids some packages of the repository to import others. Each path
// stands for itself and everything below it.
type rule struct {
	who    []string // inside the repository
	except []string // inside the repository
	mayNot []string // import paths
	direct bool     // only the import itself counts, not what it brings along
	why    string
}

// production is everything that is shipped.
var production = []string{"cmd", "internal", "pkg"}

var rules = map[string]rule{
	"pkg imports no Kubernetes client, DNS library or cloud SDK": {
		who: []string{"pkg"},
		mayNot: []string{
			"k8s.io/client-go", "k8s.io/api", "sigs.k8s.io/controller-runtime",
			"github.com/miekg/dns", "github.com/aliyun", "github.com/alibabacloud-go",
		},
		why: "pkg is what others may build on, and what every program links: it decides, others talk to the world",
	},
	"pkg/zone and pkg/rewrite know nothing of Kubernetes": {
		who:    []string{"pkg/zone", "pkg/rewrite"},
		mayNot: []string{"k8s.io", "sigs.k8s.io"},
		why:    "the answer and the rewritten reference are pure functions of values, the same in a cluster, on a build host and in a test",
	},
	"pkg imports nothing above it": {
		who:    []string{"pkg"},
		mayNot: []string{module + "/internal", module + "/cmd", module + "/test"},
		why:    "imports point downwards, cmd to internal to pkg",
	},
	"internal imports nothing above it": {
		who:    []string{"internal"},
		mayNot: []string{module + "/cmd", module + "/test"},
		why:    "imports point downwards, cmd to internal to pkg",
	},
	"cmd imports no test code": {
		who:    []string{"cmd"},
		mayNot: []string{module + "/test"},
		why:    "what is shipped stands without its tests",
	},
	"miekg/dns stays behind internal/dnsserver and internal/dnsclient": {
		who:    production,
		except: []string{"internal/dnsserver", "internal/dnsclient"},
		mayNot: []string{"github.com/miekg/dns"},
		direct: true,
		why:    "the wire format has one room, so the library can be replaced, and its limits are set in one place",
	},
	"the cloud SDK stays behind internal/alibaba": {
		who:    production,
		except: []string{"internal/alibaba"},
		mayNot: []string{"github.com/aliyun", "github.com/alibabacloud-go"},
		direct: true,
		why:    "clients of the SDK race, retry without delay and know no context: one package holds the precautions",
	},
	"test/fakecloud knows nothing of the code that it tests": {
		who:    []string{"test/fakecloud"},
		mayNot: []string{module + "/internal", module + "/pkg", "github.com/aliyun", "github.com/alibabacloud-go"},
		why:    "it is written from the API's documents: what it shared with the code would be wrong in both",
	},
	"the resolver stays small": {
		who:    []string{"cmd/resolver"},
		mayNot: []string{"sigs.k8s.io/controller-runtime", "k8s.io/client-go/kubernetes"},
		why:    "it runs on every node: its memory times the number of nodes is what users pay",
	},
	"controller-runtime stays in the controller's rooms": {
		who: production,
		except: []string{
			"cmd/controller", "internal/certificate", "internal/drillkeeper", "internal/orphanleases", "internal/startuptaint", "internal/switchkeeper", "internal/watches",
		},
		mayNot: []string{"sigs.k8s.io/controller-runtime"},
		direct: true,
		why:    "what other programs share must stay without it: it links the whole clientset",
	},
	"the webhook asks nobody": {
		who:    []string{"cmd/webhook"},
		mayNot: []string{"sigs.k8s.io/controller-runtime", "k8s.io/client-go"},
		why:    "it has no rights and stands in the path of every pod: what it decides is in its mounted files",
	},
	"the resolver needs no cloud": {
		who:    []string{"cmd/resolver"},
		mayNot: []string{module + "/internal/alibaba", "github.com/aliyun", "github.com/alibabacloud-go"},
		why:    "a failover never depends on a cloud API or a token",
	},
}

func TestImports(t *testing.T) {
	g := packages(t)
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			for _, violation := range r.check(g) {
				t.Error(violation)
			}
		})
	}
}

// check returns a sentence with the reason for each violation.
func (r rule) check(g graph) []string {
	var violations []string
	bound := 0
	for _, p := range g {
		if p.local() == "" || !under(p.local(), r.who) || under(p.local(), r.except) {
			continue
		}
		bound++
		if path := r.findForbidden(g, p.ImportPath); path != nil {
			violations = append(violations,
				fmt.Sprintf("%s must not import %s: %s", p.local(), strings.Join(path[1:], ", by it "), r.why))
		}
	}
	if bound == 0 {
		violations = append(violations, fmt.Sprintf("no package is left of %s: a rule that binds nobody hides what it was for", strings.Join(r.who, ", ")))
	}
	slices.Sort(violations)
	return violations
}

// findForbidden returns a shortest chain of imports that leads from a package
// to a forbidden one, nil when there is none. A direct rule looks one step far.
func (r rule) findForbidden(g graph, from string) []string {
	seen := map[string]bool{from: true}
	for queue := [][]string{{from}}; len(queue) > 0; queue = queue[1:] {
		chain := queue[0]
		for _, next := range g[chain[len(chain)-1]].Imports {
			longer := append(slices.Clone(chain), next)
			if under(next, r.mayNot) {
				return longer
			}
			if !seen[next] && !r.direct {
				seen[next] = true
				queue = append(queue, longer)
			}
		}
	}
	return nil
}

// under tells whether a path is one of parents or below one of them.
func under(path string, parents []string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool {
		return path == parent || strings.HasPrefix(path, parent+"/")
	})
}

func TestCheck(t *testing.T) {
	g := graph{}
	for path, imports := range map[string][]string{
		module + "/pkg/a":      {module + "/pkg/b", "fmt"},
		module + "/pkg/b":      {"example.com/dns/wire"},
		module + "/internal/c": {module + "/pkg/a"},
		"example.com/dns/wire": nil,
		"example.com/dnsother": nil,
		"fmt":                  {"internal/fmtsort"},
	} {
		g[path] = goPackage{ImportPath: path, Imports: imports}
	}
	for sentence, test := range map[string]struct {
		rule rule
		want []string
	}{
		"a package that imports nothing forbidden passes": {
			rule{who: []string{"pkg"}, mayNot: []string{"example.com/other"}, why: "so"}, nil,
		},
		"an import brought along is told with its chain": {
			rule{who: []string{"pkg/a"}, mayNot: []string{"example.com/dns"}, why: "so"},
			[]string{"pkg/a must not import " + module + "/pkg/b, by it example.com/dns/wire: so"},
		},
		"a direct rule minds only the import itself": {
			rule{who: []string{"pkg", "internal"}, mayNot: []string{"example.com/dns"}, direct: true, why: "so"},
			[]string{"pkg/b must not import example.com/dns/wire: so"},
		},
		"an exception isn't bound": {
			rule{who: []string{"pkg"}, except: []string{"pkg/b"}, mayNot: []string{"example.com/dns"}, direct: true, why: "so"}, nil,
		},
		"paths inside the repository can be forbidden": {
			rule{who: []string{"internal"}, mayNot: []string{module + "/pkg"}, direct: true, why: "so"},
			[]string{"internal/c must not import " + module + "/pkg/a: so"},
		},
		"the standard library's internal is not ours": {
			rule{who: []string{"pkg/a"}, mayNot: []string{module + "/internal"}, why: "so"}, nil,
		},
		"a longer name with the same beginning is another package": {
			rule{who: []string{"pkg"}, mayNot: []string{"example.com/dn", "example.com/dns/w"}, why: "so"}, nil,
		},
		"a rule that binds no package is broken itself": {
			rule{who: []string{"cmd/gone"}, mayNot: []string{"fmt"}, why: "so"},
			[]string{"no package is left of cmd/gone: a rule that binds nobody hides what it was for"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := test.rule.check(g); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
