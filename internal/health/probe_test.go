package health

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// target is an instance by its address.
var target = Target{Host: shared, Addrs: []netip.Addr{addr}}

func TestAProbeSeesWhoAnswers(t *testing.T) {
	var asked *http.Request
	prober := registry(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		challenging(challengeOfA)(w, r)
	})
	r := prober.Probe(t.Context(), target)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if asked.Host != shared || asked.TLS.ServerName != shared || asked.URL.Path != "/v2/" || asked.Header.Get("Authorization") != "" {
		t.Errorf("asked for %s%s as %s", asked.Host, asked.URL, asked.TLS.ServerName)
	}
	if r.Addr != addr || r.Answer.Status != 401 || r.Answer.Instance != (Identity{"cri-aaaaa", "cn-hangzhou"}) ||
		r.Answer.Realm.Host != "dockerauth-vpc.cn-hangzhou.aliyuncs.com" || r.Answer.RealmErr != nil {
		t.Errorf("%s answers %+v", r.Addr, *r.Answer)
	}
	if len(r.Certificate.Problems) > 0 || time.Until(r.Certificate.Expires) < 24*time.Hour {
		t.Errorf("certificate %+v", *r.Certificate)
	}
	if l := r.Latency; l.Lookup != 0 || l.Connect <= 0 || l.Handshake <= 0 || l.Answer <= 0 || l.Total() != l.Connect+l.Handshake+l.Answer {
		t.Errorf("latency %+v", l)
	}
}

func TestARegistryWithoutANameIsNobody(t *testing.T) {
	r := registry(t, nil).Probe(t.Context(), target)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if diff := cmp.Diff(&Answer{Status: 200, Registry: true}, r.Answer); diff != "" {
		t.Error(diff)
	}
}

func TestWhoIsRecognisablyARegistry(t *testing.T) {
	answers := func(status int, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Add(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
		}
	}
	const version, basic = "docker-distribution-api-version", `Basic realm="registry"`
	for sentence, test := range map[string]struct {
		answer http.HandlerFunc
		want   bool
	}{
		"any server that says 200":                {answers(200), false},
		"any server that wants a password":        {answers(401, "WWW-Authenticate", basic), false},
		"one that has another version of the API": {answers(200, version, "registry/1.0"), false},
		"one that has this version":               {answers(200, version, "registry/2.0"), true},
		"one that has several":                    {answers(200, version, "registry/1.0", version, "registry/2.0"), true},
		"one that wants a password":               {answers(401, version, "registry/2.0", "WWW-Authenticate", basic), true},
		"one that names an instance":              {challenging(challengeOfA), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := registry(t, test.answer).Probe(t.Context(), target)
			if r.Err != nil || r.Answer.Registry != test.want {
				t.Errorf("%+v, %v", r.Answer, r.Err)
			}
		})
	}
}

func TestWhoWantsToBeAskedLessOften(t *testing.T) {
	r := registry(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }).Probe(t.Context(), target)
	failed, ok := errors.AsType[*Error](r.Err)
	if !ok || !errors.Is(r.Err, ErrThrottled) || failed.Part != Request || failed.Cause() != "it says 429 Too Many Requests" {
		t.Errorf("%v", r.Err)
	}
}

func TestAWrongCertificateStillShowsWhoAnswers(t *testing.T) {
	prober := registry(t, challenging(challengeOfA))
	other := target
	other.Host = "other.registry.io"
	r := prober.Probe(t.Context(), other)
	if r.Err != nil || len(r.Certificate.Problems) != 1 || !errors.Is(r.Certificate.Problems[0], ErrWrongName) || r.Answer.Instance.ID != "cri-aaaaa" {
		t.Errorf("%+v, %v", r, r.Certificate)
	}
}

func TestWhatEndsAProbe(t *testing.T) {
	closed := raw(t, func(net.Conn) {})
	plain := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	strict := raw(t, func(conn net.Conn) { // knows other names only
		_, _ = conn.Read(make([]byte, 1<<14))
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 112})
		_, _ = io.Copy(io.Discard, conn)
	})
	answers := func(answer http.HandlerFunc) Prober { return registry(t, answer) }
	for sentence, test := range map[string]struct {
		prober Prober
		part   Part
		want   string
	}{
		"nobody listens": {
			Prober{Dial: dialTo(refused(t))}, Connect, "10.1.0.10 at port 443 can't be connected to: connection refused",
		},
		"the connection is closed":    {Prober{Dial: dialTo(closed)}, Handshake, "10.1.0.10 doesn't finish a TLS handshake: "},
		"plain HTTP is spoken there":  {Prober{Dial: dialTo(plain)}, Handshake, "10.1.0.10 doesn't finish a TLS handshake: what answers isn't TLS"},
		"it knows other names only":   {Prober{Dial: dialTo(strict)}, Handshake, "10.1.0.10 doesn't finish a TLS handshake: it has no certificate for the name"},
		"the registry redirects":      {answers(redirect), Request, `10.1.0.10 doesn't answer GET /v2/ as a registry does: it redirects to "https://elsewhere.example/v2/", which isn't followed`},
		"it is no registry":           {answers(http.NotFound), Request, "10.1.0.10 doesn't answer GET /v2/ as a registry does: it says 404 Not Found"},
		"the registry is overloaded":  {answers(overloaded), Request, "10.1.0.10 doesn't answer GET /v2/ as a registry does: it says 503 Service Unavailable"},
		"the headers are giants":      {answers(giantHeaders), Request, "10.1.0.10 doesn't answer GET /v2/ as a registry does: "},
		"an answer is broken off":     {answers(brokenOff), Request, "10.1.0.10 doesn't answer GET /v2/ as a registry does: "},
		"the answer isn't HTTP":       {answers(notHTTP), Request, "10.1.0.10 doesn't answer GET /v2/ as a registry does: "},
		"the name has no address":     {Prober{Resolve: resolvesTo()}, Lookup, "a-registry.example can't be looked up: it has no addresses"},
		"the name can't be looked up": {Prober{Resolve: fails("SERVFAIL")}, Lookup, "a-registry.example can't be looked up: SERVFAIL"},
	} {
		t.Run(sentence, func(t *testing.T) {
			at := target
			if test.part == Lookup {
				at = Target{Host: shared, Name: "a-registry.example"}
			}
			r := test.prober.Probe(t.Context(), at)
			failed, ok := errors.AsType[*Error](r.Err)
			if !ok || failed.Part != test.part || !strings.HasPrefix(r.Err.Error(), test.want) || strings.HasSuffix(r.Err.Error(), ": ") {
				t.Errorf("%v", r.Err)
			}
			if r.Answer != nil || (r.Certificate != nil) != (test.part == Request) {
				t.Errorf("answer %v, certificate %v", r.Answer, r.Certificate)
			}
		})
	}
}

func TestAHangEndsWithTheCallersTime(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	silent := raw(t, func(net.Conn) { <-end })
	for sentence, test := range map[string]struct {
		prober Prober
		part   Part
	}{
		"after connecting":          {Prober{Dial: dialTo(silent)}, Handshake},
		"in the middle of a header": {registry(t, func(w http.ResponseWriter, _ *http.Request) { half(w); <-end }), Request},
		"before the answer":         {registry(t, func(http.ResponseWriter, *http.Request) { <-end }), Request},
	} {
		t.Run(sentence, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			r := test.prober.Probe(ctx, target)
			failed, ok := errors.AsType[*Error](r.Err)
			if !ok || failed.Part != test.part || !strings.HasSuffix(r.Err.Error(), "nothing came in time") {
				t.Errorf("%v", r.Err)
			}
		})
	}
}

func TestABodyIsNotWaitedFor(t *testing.T) {
	gone := make(chan error, 1)
	prober := registry(t, func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				gone <- err
				return
			}
		}
	})
	if r := prober.Probe(t.Context(), target); r.Err != nil || r.Answer.Status != 200 {
		t.Errorf("%+v", r)
	}
	if err := <-gone; err == nil {
		t.Error("the connection is still there")
	}
}

func TestADeadAddressLeavesTimeForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tried []string
		prober := Prober{Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			tried = append(tried, address)
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		var after []time.Duration
		dial := prober.Dial
		prober.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			after = append(after, time.Since(begin))
			return dial(ctx, network, address)
		}
		r := prober.Probe(ctx, Target{Host: shared, Addrs: []netip.Addr{addr, netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("10.1.0.11")}})
		if diff := cmp.Diff([]time.Duration{0, time.Second, 2 * time.Second}, after); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"10.1.0.10:443", "[2001:db8::1]:443", "10.1.0.11:443"}, tried); diff != "" {
			t.Error(diff)
		}
		const want = "10.1.0.10, 2001:db8::1, 10.1.0.11 at port 443 can't be connected to: nothing came in time"
		if r.Err == nil || r.Err.Error() != want {
			t.Errorf("%v", r.Err)
		}
	})
}

func TestTheFirstAddressThatConnectsIsTaken(t *testing.T) {
	prober := registry(t, nil)
	there := prober.Dial
	prober.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "10.1.0.10:443" {
			return nil, errors.New("no route to host")
		}
		return there(ctx, network, address)
	}
	prober.Resolve = resolvesTo(addr, netip.MustParseAddr("::ffff:10.1.0.11"))
	r := prober.Probe(t.Context(), Target{Host: shared, Name: "a-registry.example"})
	if r.Err != nil || r.Addr != netip.MustParseAddr("10.1.0.11") || len(r.Addrs) != 2 {
		t.Errorf("%s of %s: %v", r.Addr, r.Addrs, r.Err)
	}
}

func TestNoAddressIsTriedAfterTheCallersTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dials := 0
	r := Prober{Dial: func(context.Context, string, string) (net.Conn, error) {
		dials++
		cancel()
		return nil, context.Canceled
	}}.Probe(ctx, Target{Host: shared, Addrs: []netip.Addr{addr, addr}})
	if dials != 1 || r.Err == nil || r.Err.Error() != "10.1.0.10 at port 443 can't be connected to: it was called off" {
		t.Errorf("%d dials: %v", dials, r.Err)
	}
}

// TestEachPartHasItsTime: the handshake is with one who says nothing, and whose
// connection must be closed.
func TestEachPartHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }() // the bubble waits for its end
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := Prober{
			Resolve: func(context.Context, string) ([]netip.Addr, error) {
				time.Sleep(2 * time.Second)
				return []netip.Addr{addr}, nil
			},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(time.Second)
				return ours, nil
			},
		}.Probe(ctx, Target{Host: shared, Name: "a-registry.example"})
		if diff := cmp.Diff(Latency{Lookup: 2 * time.Second, Connect: time.Second}, r.Latency); diff != "" {
			t.Error(diff)
		}
		if want := "10.1.0.10 doesn't finish a TLS handshake: nothing came in time"; r.Err == nil || r.Err.Error() != want {
			t.Errorf("%v", r.Err)
		}
	})
}

func TestAConnectionIsClosedWhateverCame(t *testing.T) {
	gone := make(chan struct{})
	plain := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		close(gone)
	})
	if r := (Prober{Dial: dialTo(plain)}).Probe(t.Context(), target); r.Err == nil {
		t.Errorf("%+v", r)
	}
	<-gone
}
