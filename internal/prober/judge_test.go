package prober

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/doctable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the tables into docs/health.md")

const page = "../../docs/health.md"

// expected is what a probe of the instance hangzhou should find.
var expected = Expected{ID: "cri-aaaaa", Names: map[string]string{"cri-aaaaa": "hangzhou", "cri-bbbbb": "zhangjiakou"}, Slow: 5 * time.Second}

// answered is a probe that an instance has answered, in 12 ms.
func answered(id string, edits ...func(*Seen)) Seen {
	s := Seen{Result: health.Result{
		Certificate: &health.Certificate{},
		Answer:      &health.Answer{Status: 401, Registry: true, Instance: health.Identity{ID: id}, Realm: &url.URL{Scheme: "https", Host: "dockerauth.example.com"}},
		Latency:     health.Latency{Connect: 2 * time.Millisecond, Answer: 10 * time.Millisecond},
	}}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

func ended(part health.Part, err error) Seen {
	return Seen{Result: health.Result{Err: &health.Error{Part: part, Err: err}}}
}

func certificate(problem error) func(*Seen) {
	return func(s *Seen) { s.Certificate.Problems = []error{fmt.Errorf("%w: details", problem)} }
}

func token(part health.Part, err error) func(*Seen) {
	return func(s *Seen) { s.Token = &health.Error{Part: part, Err: err} }
}

func manifest(err error) func(*Seen) { return func(s *Seen) { s.Canary = err } }

// late is what net says when nothing came in time.
var late = &net.OpError{Op: "read", Err: timeout{}}

type timeout struct{}

func (timeout) Error() string { return "i/o timeout" }
func (timeout) Timeout() bool { return true }

// judgements are in the order of the page.
var judgements = []struct {
	meets  string
	seen   Seen
	level  healthreport.Level
	reason string
}{
	{"the name has no address", ended(health.Lookup, &net.DNSError{Err: "no such host", IsNotFound: true}), healthreport.Unreachable, "its name can't be looked up: no such host"},
	{"the DNS servers are silent", ended(health.Lookup, &net.DNSError{Err: "i/o timeout", Server: "100.100.2.136:53", IsTimeout: true}), healthreport.Unreachable, "its name can't be looked up: i/o timeout"},
	{"the connection is refused", ended(health.Connect, errors.New("connection refused")), healthreport.Unreachable, "can't be connected to: connection refused"},
	{"packets are dropped", ended(health.Connect, late), healthreport.Unreachable, "can't be connected to: nothing came in time"},
	{"TLS doesn't get on in time", ended(health.Handshake, late), healthreport.Slow, "has not answered within 5s"},
	{"there is no certificate for the name", ended(health.Handshake, health.ErrNoCertificate), healthreport.Failing, "doesn't finish a TLS handshake: it has no certificate for the name"},
	{"no answer comes in time", ended(health.Request, late), healthreport.Slow, "has not answered within 5s"},
	{"the answer is no registry's", ended(health.Request, errors.New("it says 503 Service Unavailable")), healthreport.Failing, "doesn't answer as a registry does: it says 503 Service Unavailable"},
	{"it wants to be asked less often", ended(health.Request, health.ErrThrottled), healthreport.Unknown, "wants to be asked less often: it says 429 Too Many Requests"},
	{"another instance of the endpoint answers", answered("cri-bbbbb"), healthreport.WrongIdentity, "answers as cri-bbbbb, which is zhangjiakou"},
	{"a foreign instance answers", answered("cri-foreign", certificate(health.ErrWrongName)), healthreport.WrongIdentity, "answers as cri-foreign, which is no instance of the configuration"},
	{"the certificate is for another name", answered("cri-aaaaa", certificate(health.ErrWrongName)), healthreport.Failing, "has a wrong certificate: it doesn't cover the name: details"},
	{"the certificate has expired", answered("cri-aaaaa", certificate(health.ErrExpired)), healthreport.Failing, "has a wrong certificate: it has expired: details"},
	{"the challenge can't be used", answered("cri-aaaaa", func(s *Seen) { s.Answer.RealmErr = errors.New("its challenge names no token realm") }), healthreport.Failing, "its challenge names no token realm"},
	{"the answer may be anybody's", answered("", func(s *Seen) { s.Answer.Registry = false }), healthreport.Unknown, "answers, but not recognisably as a registry"},
	{"the answer comes late", answered("cri-aaaaa", func(s *Seen) { s.Latency = health.Latency{Answer: 5 * time.Second} }), healthreport.Slow, "takes 5s or longer to answer"},
	{"the token service can't be connected to", answered("cri-aaaaa", token(health.Connect, errors.New("connection refused"))), healthreport.Failing, "its token service dockerauth.example.com can't be connected to: connection refused"},
	{"the token service can't be looked up", answered("cri-aaaaa", token(health.Lookup, errors.New("no such host"))), healthreport.Failing, "its token service dockerauth.example.com can't be looked up: no such host"},
	{"the token service is slow", answered("cri-aaaaa", token(health.Request, late)), healthreport.Slow, "its token service dockerauth.example.com has not answered within 5s"},
	{"the token service has an error", answered("cri-aaaaa", token(health.Request, errors.New("it says 502 Bad Gateway"))), healthreport.Failing, "its token service dockerauth.example.com: it says 502 Bad Gateway"},
	{"the canary is missing", answered("cri-aaaaa", manifest(health.ErrNoManifest)), healthreport.Failing, "the canary manifest: the registry doesn't have it"},
	{"the canary is another, or cut off", answered("cri-aaaaa", manifest(health.ErrOtherManifest)), healthreport.Failing, "the canary manifest: what comes has another digest"},
	{"the canary ends in an error", answered("cri-aaaaa", manifest(&health.Error{Part: health.Request, Err: errors.New("it says 500 Internal Server Error")})), healthreport.Failing, "the canary manifest: it says 500 Internal Server Error"},
	{"the canary needs credentials", answered("cri-aaaaa", manifest(health.ErrNeedsCredentials)), healthreport.Healthy, "answers as itself; the canary manifest is unknown: it can't be read without credentials"},
	{"the certificate's authority is unknown", answered("cri-aaaaa", certificate(health.ErrNotTrusted)), healthreport.Healthy, "answers as itself; its certificate is of an authority that is unknown here, which the node may know"},
	{"no instance is named", answered(""), healthreport.Healthy, "answers without naming an instance"},
	{"nothing is wrong", answered("cri-aaaaa"), healthreport.Healthy, "answers as itself"},
}

func TestWhatOneProbeMeans(t *testing.T) {
	rows := [][]string{{"a probe finds that", "level", "reason"}}
	for _, test := range judgements {
		rows = append(rows, []string{test.meets, "`" + string(test.level) + "`", test.reason})
		t.Run(test.meets, func(t *testing.T) {
			o := Judge(test.seen, expected)
			if o.Level != test.level || o.Reason != test.reason {
				t.Errorf("%+v", o)
			}
			if named := test.level == healthreport.Healthy && test.meets != "no instance is named"; o.Named != named {
				t.Errorf("it is named: %t", o.Named)
			}
			if (o.Latency > 0) != (test.seen.Err == nil) {
				t.Errorf("the latency is %s", o.Latency)
			}
		})
	}
	doctable.Check(t, page, "probes", rows, *update)
}

func TestReasonsNameNoAddress(t *testing.T) {
	refused := ended(health.Connect, fmt.Errorf("10.1.0.10 at port 443 can't be connected to: %w", &net.OpError{Op: "dial", Err: errors.New("connection refused")}))
	if o := Judge(refused, expected); o.Reason != "can't be connected to: connection refused" {
		t.Errorf("%q", o.Reason)
	}
}
