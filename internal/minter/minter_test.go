package minter

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

func TestEachListedNamespaceGetsATokenOfEachInstance(t *testing.T) {
	play(t, func(w *world) {
		begun := time.Now()
		defer w.start()()
		want := []string{
			"batch/registry-failover-minted.hangzhou.cross-region.registry.io", "batch/registry-failover-minted.zhangjiakou.cross-region.registry.io",
			"shop/registry-failover-minted.hangzhou.cross-region.registry.io", "shop/registry-failover-minted.zhangjiakou.cross-region.registry.io",
		}
		got := w.api.Secrets()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"cri-aaaaa cn-hangzhou", "cri-bbbbb cn-zhangjiakou"}, w.cloud.calls()); diff != "" {
			t.Error(diff)
		}
		for _, n := range []string{"shop", "batch"} {
			if a, b := w.holds(n, "hangzhou"), w.holds(n, "zhangjiakou"); a != password(1) || b != password(2) {
				t.Errorf("in %s there are %q and %q", n, a, b)
			}
		}
		s := w.of("shop", "hangzhou")
		if diff := cmp.Diff(map[string]string{
			"registry-failover.io/endpoint": shared, "registry-failover.io/instance": "hangzhou",
			"registry-failover.io/expires": begun.Add(time.Hour).UTC().Format(time.RFC3339),
		}, s.Annotations); diff != "" {
			t.Error(diff)
		}
		if s.Labels["registry-failover.io/pull-secret"] != "minted" || s.Labels["app.kubernetes.io/part-of"] != "registry-failover" || len(s.OwnerReferences) > 0 {
			t.Errorf("it has the labels %v and the owners %v", s.Labels, s.OwnerReferences)
		}
	})
}

// TestATokenAlwaysHasTime looks once a minute for five hours.
func TestATokenAlwaysHasTime(t *testing.T) {
	for _, life := range []time.Duration{time.Hour, 30 * time.Minute} {
		play(t, func(w *world) {
			w.cloud.life = life
			defer w.start()()
			for range 300 {
				sleep(time.Minute)
				for _, n := range []string{"shop", "batch"} {
					expires, err := time.Parse(time.RFC3339, w.of(n, "hangzhou").Annotations[ExpiresAnnotation])
					if err != nil {
						t.Fatal(err)
					}
					if left := time.Until(expires); left < life/2-2*time.Second {
						t.Fatalf("of %v there are %v left", life, left)
					}
				}
			}
			// Two instances, and one token each for 45 to 50 percent of a life.
			least, most := int(2*5*time.Hour/(life/2)), int(2*5*time.Hour/(life*45/100))+4
			if n := len(w.cloud.calls()); n < least || n > most {
				t.Errorf("%d tokens in 5 hours, want %d to %d", n, least, most)
			}
			if w.logs.Len() > 0 {
				t.Error(w.logs.String())
			}
		})
	}
}

func TestTheOldTokenStaysWhileTheAPIIsDark(t *testing.T) {
	denied := &alibaba.Error{Service: "cr", Action: "GetAuthorizationToken", Kind: alibaba.Denied, Code: "NoPrivilege"}
	for sentence, dark := range map[string]func(*stub){
		"it refuses":        func(s *stub) { s.be(denied, false) },
		"it doesn't answer": func(s *stub) { s.be(nil, true) },
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, func(w *world) {
				defer w.start()()
				before := w.of("shop", "hangzhou")
				dark(w.cloud)
				calls := len(w.cloud.calls())
				sleep(3 * time.Hour)
				if diff := cmp.Diff(before, w.of("shop", "hangzhou")); diff != "" {
					t.Errorf("it was written: %s", diff)
				}
				if n := len(w.cloud.calls()) - calls; n < 50 || n > 2*180 {
					t.Errorf("%d calls in 2½ hours", n)
				}
				if n := strings.Count(w.logs.String(), "can't be minted"); n != 2 {
					t.Errorf("told %d times, want once for each instance:\n%s", n, &w.logs)
				}
				if w.metric("failing", "hangzhou") != 1 || w.metric("expiry_timestamp_seconds", "hangzhou") <= 0 {
					t.Error("the metrics don't tell")
				}
				w.cloud.be(nil, false)
				sleep(2*lastRetry + 2*patience)
				if w.holds("shop", "hangzhou") == password(1) || w.metric("failing", "hangzhou") != 0 || !strings.Contains(w.logs.String(), "minted and written again") {
					t.Errorf("it doesn't go on:\n%s", &w.logs)
				}
			})
		})
	}
}

func TestADarkStartLeavesWhatAnEarlierLeaderWrote(t *testing.T) {
	play(t, func(w *world) {
		w.start()()
		before := w.of("shop", "hangzhou")
		if w.metric("expiry_timestamp_seconds", "hangzhou") != -1 || w.metric("failing", "hangzhou") != -1 {
			t.Error("a replica that doesn't lead has metrics")
		}
		minted := time.Now()
		sleep(time.Minute)
		w.metrics = prometheus.NewPedanticRegistry()
		next := New(Options{Cloud: w.cloud, Secrets: w.Secrets, Metrics: w.metrics, Log: w.Log})
		next.Configure(w.config.Load())
		w.Minter = next
		w.cloud.be(errors.New("dark"), false)
		defer w.start()()
		sleep(2 * time.Hour)
		if got, want := w.metric("expiry_timestamp_seconds", "hangzhou"), float64(minted.Add(time.Hour).Unix()); got != want || w.metric("timestamp_seconds", "hangzhou") != -1 {
			t.Errorf("it ends at %v, want %v", got, want)
		}
		if diff := cmp.Diff(before, w.of("shop", "hangzhou")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNothingIsWrittenOverASecretOfSomebodyElse, and the other namespaces have theirs.
func TestNothingIsWrittenOverASecretOfSomebodyElse(t *testing.T) {
	play(t, func(w *world) {
		foreign := w.api.Put(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: pullsecrets.MintedName(shared, "hangzhou")}, Data: map[string][]byte{"k": []byte("theirs")},
		})
		defer w.start()()
		sleep(2 * time.Hour)
		if diff := cmp.Diff(foreign, w.of("shop", "hangzhou")); diff != "" {
			t.Error(diff)
		}
		if w.holds("batch", "hangzhou") == "" || w.holds("shop", "zhangjiakou") == "" {
			t.Error("others wait for it")
		}
		if n := strings.Count(w.logs.String(), "hasn't made"); n != 1 || w.metric("failing", "hangzhou") != 1 || w.metric("failing", "zhangjiakou") != 0 {
			t.Errorf("told %d times:\n%s", n, &w.logs)
		}
	})
}

func TestANamespaceThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	play(t, func(w *world) {
		var refuses atomic.Bool
		refuses.Store(true)
		w.api.Refuse = func(r secretsapi.Request) int {
			if refuses.Load() && r.Namespace == "shop" && r.Verb == "create" {
				return http.StatusNotFound
			}
			return 0
		}
		defer w.start()()
		sleep(10 * time.Minute)
		if w.holds("batch", "hangzhou") != password(1) || w.of("shop", "hangzhou") != nil || w.metric("failing", "hangzhou") != 1 {
			t.Errorf("batch doesn't have its own, or nothing tells of shop:\n%s", &w.logs)
		}
		refuses.Store(false)
		sleep(lastWrite)
		if w.holds("shop", "hangzhou") != password(1) || w.metric("failing", "hangzhou") != 0 {
			t.Error("shop doesn't have the token that there is")
		}
		if len(w.cloud.calls()) != 2 {
			t.Errorf("%d tokens were minted for it", len(w.cloud.calls()))
		}
	})
}

func TestASecretThatSomebodyDeletesComesBack(t *testing.T) {
	play(t, func(w *world) {
		defer w.start()()
		w.api.Remove("shop", pullsecrets.MintedName(shared, "hangzhou"))
		sleep(look + time.Second)
		if w.holds("shop", "hangzhou") != password(1) || len(w.cloud.calls()) != 2 {
			t.Errorf("%q after %d tokens", w.holds("shop", "hangzhou"), len(w.cloud.calls()))
		}
	})
}

func TestNothingIsWrittenThatStands(t *testing.T) {
	play(t, func(w *world) {
		defer w.start()()
		w.api.Forget()
		sleep(20 * time.Minute)
		for _, r := range w.api.Requests() {
			if r.Verb != "get" {
				t.Errorf("it does: %s", r)
			}
		}
		if n := len(w.api.Requests()); n < 4 || n > 4*5 {
			t.Errorf("it reads %d times in 20 minutes", n)
		}
	})
}

func TestNamespacesAreFollowed(t *testing.T) {
	play(t, func(w *world) {
		defer w.start()()
		foreign := w.api.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "batch", Name: "theirs"}})
		w.configure("shop", "new")
		sleep(time.Second)
		if w.holds("new", "hangzhou") != password(1) || len(w.cloud.calls()) != 2 {
			t.Errorf("a new namespace has %q after %d tokens", w.holds("new", "hangzhou"), len(w.cloud.calls()))
		}
		if w.of("batch", "hangzhou") != nil || w.of("batch", "zhangjiakou") != nil || w.holds("shop", "hangzhou") != password(1) {
			t.Errorf("there are %q", w.api.Secrets())
		}
		if diff := cmp.Diff(foreign, w.api.Secret("batch", "theirs")); diff != "" {
			t.Error(diff)
		}
		w.configure()
		sleep(time.Second)
		if got := w.api.Secrets(); !slices.Equal(got, []string{"batch/theirs"}) || w.metric("failing", "hangzhou") != -1 {
			t.Errorf("without namespaces there are %q", got)
		}
		sleep(2 * time.Hour)
		if len(w.cloud.calls()) != 2 {
			t.Error("tokens are minted for nobody")
		}
	})
}

func TestATokenThatHasEndedCountsForNothing(t *testing.T) {
	play(t, func(w *world) {
		w.cloud.life = -time.Minute
		defer w.start()()
		if got := w.api.Secrets(); len(got) > 0 || !strings.Contains(w.logs.String(), "set this node's clock") {
			t.Errorf("there are %q:\n%s", got, &w.logs)
		}
	})
}

func TestNothingTellsAToken(t *testing.T) {
	play(t, func(w *world) {
		w.api.Refuse = func(r secretsapi.Request) int {
			if r.Namespace == "shop" && r.Verb != "get" {
				return http.StatusUnprocessableEntity
			}
			return 0
		}
		defer w.start()()
		sleep(time.Hour)
		families, err := w.metrics.Gather()
		said := fmt.Sprintln(w.logs.String(), families, err, w.tokens[0], *w.tokens[0])
		if strings.Contains(said, "s3cret") || len(said) < 500 {
			t.Error(said)
		}
	})
}
