package network

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestTwoInstancesThatAreWell(t *testing.T) {
	w := newWorld(t)
	results := checks.Run(t.Context(), All(w.options()))
	compare(t, `ok RESOLVES : resolves to 10.2.0.10: zhangjiakou
ok REACHABLE : 10.2.0.10 answers 401 in …
ok REACHABLE hangzhou/internal: 10.1.0.10 answers 401 in …
ok REACHABLE hangzhou/public: 203.0.113.10 answers 401 in …
ok REACHABLE zhangjiakou/internal: 10.2.0.10 answers 401 in …
ok REACHABLE zhangjiakou/public: 203.0.113.20 answers 401 in …
ok CERTIFICATE : has a certificate for the name, signed by CN=registry-failover test authority
ok CERTIFICATE hangzhou/internal: has a certificate for the name, signed by …
ok CERTIFICATE hangzhou/public: has a certificate for the name, signed by …
ok CERTIFICATE zhangjiakou/internal: has a certificate for the name, signed by …
ok CERTIFICATE zhangjiakou/public: has a certificate for the name, signed by …
ok CERTIFICATE-EXPIRY : has a certificate until …, 89 days
ok CERTIFICATE-EXPIRY hangzhou/internal: has a certificate until …
ok CERTIFICATE-EXPIRY hangzhou/public: has a certificate until …
ok CERTIFICATE-EXPIRY zhangjiakou/internal: has a certificate until …
ok CERTIFICATE-EXPIRY zhangjiakou/public: has a certificate until …
ok IDENTITY : answers as cri-bbbbb, zhangjiakou
ok IDENTITY hangzhou/internal: answers as cri-aaaaa, hangzhou
ok IDENTITY hangzhou/public: answers as cri-aaaaa, hangzhou
ok IDENTITY zhangjiakou/internal: answers as cri-bbbbb, zhangjiakou
ok IDENTITY zhangjiakou/public: answers as cri-bbbbb, zhangjiakou
ok TOKEN-REALM : dockerauth-vpc.cn-zhangjiakou.aliyuncs.com:443 (198.51.100.11) can be connected to in …
ok TOKEN-REALM hangzhou/internal: dockerauth-vpc.cn-hangzhou.aliyuncs.com:443 (198.51.100.1) can be connected to in …
ok TOKEN-REALM hangzhou/public: dockerauth.cn-hangzhou.aliyuncs.com:443 (198.51.100.0) can be connected to in …
ok TOKEN-REALM zhangjiakou/internal: dockerauth-vpc.cn-zhangjiakou.aliyuncs.com:443 (198.51.100.11) can be connected to in …
ok TOKEN-REALM zhangjiakou/public: dockerauth.cn-zhangjiakou.aliyuncs.com:443 (198.51.100.10) can be connected to in …
ok STORAGE : cri-bbbbb-registry.oss-cn-zhangjiakou-internal.aliyuncs.com:443 (198.51.100.13) can be connected to in …
ok STORAGE hangzhou/internal: cri-aaaaa-registry.oss-cn-hangzhou-internal.aliyuncs.com:443 (198.51.100.3) can be connected to in …
ok STORAGE hangzhou/public: cri-aaaaa-registry.oss-cn-hangzhou.aliyuncs.com:443 (198.51.100.2) can be connected to in …
ok STORAGE zhangjiakou/internal: cri-bbbbb-registry.oss-cn-zhangjiakou-internal.aliyuncs.com:443 (198.51.100.13) can be connected to in …
ok STORAGE zhangjiakou/public: cri-bbbbb-registry.oss-cn-zhangjiakou.aliyuncs.com:443 (198.51.100.12) can be connected to in …
`, lines(results))
	for _, r := range results {
		for _, f := range r.Findings {
			if f.Endpoint != shared {
				t.Errorf("%s is about %q", r.Code, f.Endpoint)
			}
		}
	}
	for _, addr := range []string{addrA, internetB, "198.51.100.1", "198.51.100.11", "198.51.100.13"} {
		if n := w.dials[addr+":443"]; n != 1 {
			t.Errorf("%s was connected to %d times", addr, n)
		}
	}
}

// TestWhatIsWrong holds what the checks find, and what of it stops an installation.
func TestWhatIsWrong(t *testing.T) {
	const inFront = "doesn't answer GET /v2/ as a registry does: "
	for sentence, test := range map[string]struct {
		change func(*world)
		want   []string // lines that must be there
		stops  string   // what must be Failed for an installation: codes
		warns  string   // codes with a Warning for an installation
	}{
		"nothing": {func(*world) {}, nil, "", ""},
		"the name doesn't exist": {
			func(w *world) { w.zone.Remove(shared) },
			[]string{
				"failed RESOLVES : cross-region.registry.io can't be looked up: no such host",
				"ok REACHABLE hangzhou/internal: …",
			},
			"RESOLVES", "",
		},
		"the name leads to the standby": {
			func(w *world) { w.name(shared, addrA) },
			[]string{
				"warning RESOLVES : resolves to 10.1.0.10: hangzhou, not the primary zhangjiakou",
				"ok IDENTITY : answers as cri-aaaaa, hangzhou",
			},
			"", "RESOLVES",
		},
		"the name leads to a stranger": {
			func(w *world) {
				w.name(shared, "192.0.2.1")
				w.serve(w.acr("cri-xxxxx", "cn-beijing", ""), "192.0.2.1")
			},
			[]string{
				"warning RESOLVES : resolves to 192.0.2.1, which belongs to no instance of the configuration as far as can be seen from here",
				"failed IDENTITY : answers as cri-xxxxx in cn-beijing, which is no instance of the configuration",
			},
			"IDENTITY", "RESOLVES",
		},
		"the name leads to the primary by an address that isn't known": {
			func(w *world) {
				w.name(shared, "192.0.2.1")
				w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), "192.0.2.1")
			},
			[]string{"ok RESOLVES : resolves to 192.0.2.1: zhangjiakou"}, "", "",
		},
		"the name leads to the primary and elsewhere": {
			func(w *world) { w.also = map[string]string{shared: "192.0.2.1"} },
			[]string{"warning RESOLVES : resolves to 10.2.0.10, 192.0.2.1: zhangjiakou, and 192.0.2.1 belongs to no instance of the configuration as far as can be seen from here"},
			"", "RESOLVES",
		},
		"the name leads to both": {
			func(w *world) { w.also = map[string]string{shared: addrA} },
			[]string{"warning RESOLVES : resolves to 10.2.0.10, 10.1.0.10: zhangjiakou and hangzhou"},
			"", "RESOLVES",
		},
		"the standby's other address is another's": {
			func(w *world) {
				w.config.Endpoints[0].Instances[0].InternalAddresses = []string{addrA, "10.1.0.11"}
				w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), "10.1.0.11")
			},
			[]string{
				"ok IDENTITY hangzhou/internal at 10.1.0.10: answers as cri-aaaaa, hangzhou",
				"failed IDENTITY hangzhou/internal at 10.1.0.11: answers as cri-bbbbb, which is zhangjiakou, not as cri-aaaaa",
			},
			"", "IDENTITY",
		},
		"something in the Internet answers for all": {
			func(w *world) { w.serve(http.NotFound, internetA, "proxy.example") },
			[]string{"warning CERTIFICATE hangzhou/public: has a wrong certificate: it doesn't cover the name: it is for proxy.example"},
			"", "REACHABLE CERTIFICATE",
		},
		"the primary is away": {
			func(w *world) { w.away(addrB) },
			[]string{
				"ok RESOLVES : resolves to 10.2.0.10: zhangjiakou",
				"failed REACHABLE : 10.2.0.10 at port 443 can't be connected to: no route to host",
				"failed REACHABLE zhangjiakou/internal: 10.2.0.10 at port 443 can't be connected to: no route to host",
				"unknown CERTIFICATE : can't be looked at: what it resolves to, zhangjiakou/internal",
				"unknown CERTIFICATE-EXPIRY : can't be looked at: what it resolves to, zhangjiakou/internal",
				"unknown IDENTITY : can't be looked at: what it resolves to, zhangjiakou/internal",
				"unknown TOKEN-REALM : can't be looked at: what it resolves to, zhangjiakou/internal",
				"unknown STORAGE : can't be looked at: what it resolves to, zhangjiakou/internal",
				"ok IDENTITY hangzhou/internal: answers as cri-aaaaa, hangzhou",
			},
			"", "REACHABLE",
		},
		"there is no way to the Internet": {
			func(w *world) { w.away(internetA); w.zone.Remove(publicB) },
			[]string{
				"warning REACHABLE hangzhou/public: 203.0.113.10 at port 443 can't be connected to: no route to host",
				"warning REACHABLE zhangjiakou/public: b-registry.cn-zhangjiakou.cr.aliyuncs.com can't be looked up: no such host",
			},
			"", "REACHABLE",
		},
		"the standby has only its own certificate": {
			func(w *world) {
				w.serve(w.acr("cri-aaaaa", "cn-hangzhou", "-vpc"), addrA, "*.cn-hangzhou.cr.aliyuncs.com")
			},
			[]string{
				"failed CERTIFICATE hangzhou/internal: has a wrong certificate: it doesn't cover the name: it is for *.cn-hangzhou.cr.aliyuncs.com",
				"ok IDENTITY hangzhou/internal: answers as cri-aaaaa, hangzhou",
			},
			"", "CERTIFICATE",
		},
		"the primary has only its own certificate": {
			func(w *world) {
				w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), addrB, "*.cn-zhangjiakou.cr.aliyuncs.com")
			},
			[]string{"failed CERTIFICATE : has a wrong certificate: it doesn't cover the name: it is for *.cn-zhangjiakou.cr.aliyuncs.com"},
			"CERTIFICATE", "CERTIFICATE",
		},
		"the primary serves other names only": {
			func(w *world) { w.refuseName(addrB) },
			[]string{
				"failed REACHABLE : 10.2.0.10 doesn't finish a TLS handshake: it has no certificate for the name",
				"failed CERTIFICATE : has no certificate for the name",
				"unknown CERTIFICATE-EXPIRY : can't be looked at: what it resolves to, zhangjiakou/internal",
			},
			"CERTIFICATE", "REACHABLE CERTIFICATE",
		},
		"the standby's certificate is from an authority that nobody knows": {
			func(w *world) {
				known := w.authority
				w.authority = newAuthority(w.t)
				w.serve(w.acr("cri-aaaaa", "cn-hangzhou", "-vpc"), addrA)
				w.authority = known
			},
			[]string{"failed CERTIFICATE hangzhou/internal: has a wrong certificate: it isn't trusted: …"},
			"", "CERTIFICATE",
		},
		"the primary's certificate is from an authority that this host doesn't know": {
			func(w *world) {
				known := w.authority
				w.authority = newAuthority(w.t)
				w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), addrB)
				w.authority = known
			},
			[]string{"failed CERTIFICATE : has a wrong certificate: it isn't trusted: …"},
			"", "CERTIFICATE",
		},
		"the standby's address is the primary's": {
			func(w *world) { w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), addrA) },
			[]string{"failed IDENTITY hangzhou/internal: answers as cri-bbbbb, which is zhangjiakou, not as cri-aaaaa"},
			"", "IDENTITY",
		},
		"the region is another": {
			func(w *world) { w.serve(w.acr("cri-aaaaa", "cn-shanghai", "-vpc"), addrA) },
			[]string{"warning IDENTITY hangzhou/internal: answers as cri-aaaaa in cn-shanghai, and the configuration says cn-hangzhou"},
			"", "IDENTITY",
		},
		"a registry that isn't ACR's": {
			func(w *world) { w.serve(nil, addrA) },
			[]string{
				"ok REACHABLE hangzhou/internal: 10.1.0.10 answers 200 in …",
				"unknown IDENTITY hangzhou/internal: answers without naming an instance",
				"ok TOKEN-REALM hangzhou/internal: wants no token",
				"unknown STORAGE hangzhou/internal: doesn't tell which instance it is, or which network it takes this for",
			},
			"", "",
		},
		"something else than a registry answers": {
			func(w *world) { w.serve(http.NotFound, addrA) },
			[]string{
				"failed REACHABLE hangzhou/internal: 10.1.0.10 " + inFront + "it says 404 Not Found",
				"ok CERTIFICATE hangzhou/internal: …",
			},
			"", "REACHABLE",
		},
		"the token service doesn't resolve": {
			func(w *world) { w.zone.Remove("dockerauth-vpc.cn-hangzhou.aliyuncs.com") },
			[]string{
				"failed TOKEN-REALM hangzhou/internal: the token service: dockerauth-vpc.cn-hangzhou.aliyuncs.com can't be looked up: no such host",
				"ok TOKEN-REALM hangzhou/public: …",
			},
			"", "",
		},
		"the token service can't be connected to": {
			func(w *world) { w.away("198.51.100.0") },
			[]string{"warning TOKEN-REALM hangzhou/public: the token service: 198.51.100.0 at port 443 can't be connected to: no route to host"},
			"", "",
		},
		"the challenge has no realm": {
			func(w *world) {
				w.serve(func(rw http.ResponseWriter, _ *http.Request) {
					rw.Header().Set("WWW-Authenticate", `Bearer service="registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa"`)
					rw.WriteHeader(http.StatusUnauthorized)
				}, addrA)
			},
			[]string{
				"ok IDENTITY hangzhou/internal: answers as cri-aaaaa, hangzhou",
				"failed TOKEN-REALM hangzhou/internal: its challenge names no token realm",
				"unknown STORAGE hangzhou/internal: doesn't tell which instance it is, or which network it takes this for",
			},
			"", "",
		},
		"the storage can't be connected to": {
			func(w *world) { w.away("198.51.100.3") },
			[]string{"warning STORAGE hangzhou/internal: the storage, by ACR's documents: 198.51.100.3 at port 443 can't be connected to: no route to host"},
			"", "",
		},
		"an internal address is learnt": {
			func(w *world) { w.learn() },
			[]string{
				"unknown REACHABLE hangzhou/internal: its internal address isn't in the configuration",
				"unknown IDENTITY : can't be looked at: hangzhou/internal",
			},
			"", "",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			test.change(w)
			got := strings.Split(lines(checks.Run(t.Context(), All(w.options()))), "\n")
			for _, want := range test.want {
				if !slices.ContainsFunc(got, func(line string) bool { return matches(want, line) }) {
					t.Errorf("%s\nisn't among\n%s", want, strings.Join(got, "\n"))
				}
			}
			install := checks.Run(t.Context(), Install(w.options()))
			for level, want := range map[checks.Level]string{checks.Failed: test.stops, checks.Warning: test.warns} {
				if got := codes(install, level); got != want {
					t.Errorf("for an installation %q are %s, want %q:\n%s", got, level, want, lines(install))
				}
			}
		})
	}
}

// codes are those with a finding of the level.
func codes(results []checks.Result, level checks.Level) string {
	var some []string
	for _, r := range results {
		if checks.Count([]checks.Result{r}, level) > 0 {
			some = append(some, string(r.Code))
		}
	}
	return strings.Join(some, " ")
}

// TestDNSThatIsAway: nobody says that the name doesn't exist, and an upgrade goes on.
func TestDNSThatIsAway(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.Prober.Resolve = failingDNS
	if got := codes(checks.Run(t.Context(), All(o)), checks.Failed); got != "RESOLVES TOKEN-REALM" {
		t.Errorf("%s failed", got)
	}
	install := checks.Run(t.Context(), Install(o))
	if got := codes(install, checks.Failed); got != "" || codes(install, checks.Warning) != "RESOLVES REACHABLE" {
		t.Errorf("%s failed:\n%s", got, lines(install))
	}
}

func TestANetworkThatNobodyUsesIsNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.learn()
	w.config.Endpoints[0].Instances[0].Network = "public"
	if got := lines(checks.Run(t.Context(), All(w.options()))); strings.Contains(got, "hangzhou/internal") || !strings.Contains(got, "hangzhou/public") {
		t.Error(got)
	}
}

// TestAuditRewritesNothing: those who only want to see what would be rewritten need no zone yet.
func TestAuditRewritesNothing(t *testing.T) {
	w := newWorld(t)
	w.zone.Remove(shared)
	if got := codes(checks.Run(t.Context(), Install(w.options())), checks.Failed); got != "RESOLVES" {
		t.Errorf("%q stops an installation that rewrites", got)
	}
	w.config.Admission.Enforcement = config.Audit
	install := checks.Run(t.Context(), Install(w.options()))
	if codes(install, checks.Failed) != "" || codes(install, checks.Warning) != "RESOLVES" {
		t.Errorf("an installation that rewrites nothing:\n%s", lines(install))
	}
}
