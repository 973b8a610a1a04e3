package prober

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/standin"
)

const (
	realmHost = "dockerauth.example.com"
	canaryOf  = `{"schemaVersion":2}`
)

// A registryOf is an instance with its token service on one address, which remembers
// how often it was asked for what.
type registryOf struct {
	mu    sync.Mutex
	id    string
	token int // what the token service says
	// silent keeps the token service from answering until it is closed.
	silent chan struct{}
	asked  map[string]int
}

func (r *registryOf) set(edit func(*registryOf)) { r.mu.Lock(); edit(r); r.mu.Unlock() }

func (r *registryOf) count(what string) int { r.mu.Lock(); defer r.mu.Unlock(); return r.asked[what] }

func (r *registryOf) answer(w http.ResponseWriter, request *http.Request) bool {
	if r.silent != nil && request.Host == realmHost {
		<-r.silent
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case request.Host == realmHost:
		r.asked["token"]++
		w.WriteHeader(r.token)
	case strings.Contains(request.URL.Path, "/manifests/"):
		r.asked["manifest"]++
		_, _ = w.Write([]byte(canaryOf))
	default:
		r.asked["v2"]++
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+realmHost+`/auth",service="registry.aliyuncs.com:cn-hangzhou:china:`+r.id+`"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	return true
}

// aim gives what asks the registry.
func aim(t *testing.T, r *registryOf) *asking {
	t.Helper()
	r.asked = map[string]int{}
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server, err := standin.NewRegistry(authority, shared, realmHost)
	if err != nil {
		t.Fatal(err)
	}
	server.Intercept(r.answer)
	if err := server.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	sum := sha256.Sum256([]byte(canaryOf))
	own := targets(example(t, "health: {canary: 'demo/web@sha256:"+hex.EncodeToString(sum[:])+"'}"), nil)[0]
	return &asking{target: own, successes: 3, prober: health.Prober{
		Roots: authority.Pool,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.1.0.20")}, nil
		},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Addr())
		},
	}}
}

// judged is what one probe means.
func judged(t *testing.T, a *asking) Observation {
	t.Helper()
	return Judge(a.probe(t.Context()), a.expected)
}

func TestATokenServiceThatIsWellIsAskedSeldom(t *testing.T) {
	r := &registryOf{id: "cri-aaaaa", token: http.StatusUnauthorized}
	a := aim(t, r)
	for range 5 {
		if o := judged(t, a); o.Level != healthreport.Healthy || o.Reason != "answers as itself" {
			t.Fatalf("%+v", o)
		}
	}
	if v2, token, manifest := r.count("v2"), r.count("token"), r.count("manifest"); v2 != 5 || token != 3 || manifest != 3 {
		t.Errorf("asked were %d, %d and %d", v2, token, manifest)
	}
	a.token.last = time.Now().Add(-seldom)
	r.set(func(r *registryOf) { r.token = http.StatusBadGateway })
	for range 3 {
		if o := judged(t, a); o.Level != healthreport.Failing || !strings.HasSuffix(o.Reason, "it says 502 Bad Gateway") {
			t.Errorf("half dead: %+v", o)
		}
	}
	if token := r.count("token"); token != 6 {
		t.Errorf("one that isn't well was asked %d times in 3 probes", token-3)
	}
	r.set(func(r *registryOf) { r.token = http.StatusOK })
	if o := judged(t, a); o.Level != healthreport.Healthy {
		t.Errorf("well again: %+v", o)
	}
}

// TestOneGoodAnswerIsNotWell: a token service that fails twice of three times is as ill as
// an instance that does.
func TestOneGoodAnswerIsNotWell(t *testing.T) {
	r := &registryOf{id: "cri-aaaaa"}
	a := aim(t, r)
	record := NewRecord(time.Now())
	for n := range 12 {
		r.set(func(r *registryOf) {
			r.token = http.StatusBadGateway
			if n%3 == 2 {
				r.token = http.StatusUnauthorized
			}
		})
		if record = record.Next(judged(t, a), time.Now(), Thresholds{Failures: 2, Successes: 3}); n > 0 && record.Level != healthreport.Failing {
			t.Fatalf("after %d probes: %+v", n+1, record)
		}
	}
}

// TestATokenServiceThatFailsIsToldOfSoon leaves room for what comes after within half a
// minute: an answer that doesn't come, and a failover.
func TestATokenServiceThatFailsIsToldOfSoon(t *testing.T) {
	h := config.Default().Health
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		begun := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
		now, fault := begun, begun.Add(time.Minute+time.Duration(r.Int64N(int64(time.Minute))))
		var asked cadence
		record, asks := NewRecord(now), 0
		for record.Level != healthreport.Failing {
			now = now.Add(time.Duration(float64(h.Interval.Duration) * (0.9 + 0.2*r.Float64())))
			o := Observation{Level: healthreport.Healthy}
			if asked.ask(now, "a realm", h.Successes, func() error {
				if asks++; now.Before(fault) {
					return nil
				}
				return errors.New("it says 502 Bad Gateway")
			}) != nil {
				o.Level = healthreport.Failing
			}
			record = record.Next(o, now, Thresholds{h.Failures, h.Successes})
		}
		if took := now.Sub(fault); took > 22*time.Second {
			t.Errorf("seed %d: the third failure comes after %s", seed, took)
		}
		if most := int(now.Sub(begun)/seldom) + h.Successes + h.Failures; asks > most {
			t.Errorf("seed %d: it was asked %d times", seed, asks)
		}
	}
}

// TestEachQuestionHasItsTime lets the token service, which isn't the first that is asked, be silent.
func TestEachQuestionHasItsTime(t *testing.T) {
	r := &registryOf{id: "cri-aaaaa", token: http.StatusUnauthorized, silent: make(chan struct{})}
	defer close(r.silent)
	a := aim(t, r)
	a.expected.Slow = 500 * time.Millisecond
	begun := time.Now()
	if o := judged(t, a); o.Level != healthreport.Slow || o.Reason != "its token service "+realmHost+" has not answered within 500ms" {
		t.Errorf("%+v", o)
	}
	if took := time.Since(begun); took < a.expected.Slow || took > 20*a.expected.Slow {
		t.Errorf("it took %s", took)
	}
}

func TestAWrongInstanceIsAskedForNothingMore(t *testing.T) {
	r := &registryOf{id: "cri-bbbbb", token: http.StatusOK}
	a := aim(t, r)
	if o := judged(t, a); o.Level != healthreport.WrongIdentity || o.Reason != "answers as cri-bbbbb, which is zhangjiakou" {
		t.Errorf("%+v", o)
	}
	if r.count("token")+r.count("manifest") > 0 {
		t.Error("a foreign token service is asked")
	}
}

func TestACanaryThatIsNotThereIsAFailure(t *testing.T) {
	a := aim(t, &registryOf{id: "cri-aaaaa", token: http.StatusOK})
	a.digest = "sha256:" + strings.Repeat("0", 64)
	if o := judged(t, a); o.Level != healthreport.Failing || o.Reason != "the canary manifest: what comes has another digest" {
		t.Errorf("%+v", o)
	}
}
