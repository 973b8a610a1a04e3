package watches

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/metadata"

	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// notes is a Sink that keeps what it was told.
type notes struct {
	mu   sync.Mutex
	told []string
}

func (n *notes) note(format string, a ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, fmt.Sprintf(format, a...))
}

func (n *notes) Begin()                               { n.note("begin") }
func (n *notes) See(o *metav1.PartialObjectMetadata)  { n.note("see %s", o.Name) }
func (n *notes) Miss(o *metav1.PartialObjectMetadata) { n.note("miss %s", o.Name) }
func (n *notes) End()                                 { n.note("end") }
func (n *notes) Fail(err error)                       { n.note("fail") }

// new gives what was told since the last call.
func (n *notes) new() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	told := n.told
	n.told = nil
	return told
}

func secret(name string, kind corev1.SecretType) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Type: kind}
}

// follow follows the Secrets of one type while the test lasts.
func follow(t *testing.T, api *secretsapi.Server) *notes {
	t.Helper()
	client, err := metadata.NewForConfig(api.Config())
	if err != nil {
		t.Fatal(err)
	}
	n, ended := &notes{}, make(chan struct{})
	go func() {
		defer close(ended)
		Follow(t.Context(), client.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace("ns"),
			fields.OneTermEqualSelector("type", string(corev1.SecretTypeDockerConfigJson)), n)
	}()
	t.Cleanup(func() { <-ended })
	synctest.Wait()
	return n
}

func expect(t *testing.T, n *notes, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, n.new()); diff != "" {
		t.Errorf("it was told (-want +got):\n%s", diff)
	}
}

func TestFollowTellsOfWhatTheSelectorChooses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(secret("a", corev1.SecretTypeDockerConfigJson))
		api.Put(secret("opaque", corev1.SecretTypeOpaque))
		n := follow(t, api)
		expect(t, n, "begin", "see a", "end")
		api.Put(secret("b", corev1.SecretTypeDockerConfigJson))
		api.Put(secret("more", corev1.SecretTypeOpaque))
		api.Put(secret("a", corev1.SecretTypeDockerConfigJson))
		api.Remove("ns", "b")
		expect(t, n, "see b", "see a", "miss b")
		if slices.ContainsFunc(api.Requests(), func(r secretsapi.Request) bool { return !r.Metadata }) {
			t.Errorf("it asks for content: %v", api.Requests())
		}
	})
}

func TestFollowListsInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for i := range 2*pageSize + 1 {
			api.Put(secret(fmt.Sprintf("s-%04d", i), corev1.SecretTypeDockerConfigJson))
		}
		n := follow(t, api)
		told := n.new()
		if len(told) != 2*pageSize+3 || told[0] != "begin" || told[len(told)-1] != "end" {
			t.Errorf("it was told of %d: %v …", len(told), told[:min(3, len(told))])
		}
		lists := 0
		for _, r := range api.Requests() {
			if r.Verb == "list" {
				lists++
			}
		}
		if lists != 3 {
			t.Errorf("there are %d pages", lists)
		}
	})
}

func TestFollowListsAgainWhenTheVersionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(secret("a", corev1.SecretTypeDockerConfigJson))
		n := follow(t, api)
		expect(t, n, "begin", "see a", "end")
		api.Compact()
		time.Sleep(2 * time.Second)
		expect(t, n, "begin", "see a", "end")
	})
}

// TestFollowListsAgainWhenAWatchIsRefused: some answer so instead of beginning a watch that ends at once.
func TestFollowListsAgainWhenAWatchIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := false
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int {
			if r.Verb == "watch" && !refused {
				refused = true
				return http.StatusGone
			}
			return 0
		}}
		n := follow(t, api)
		time.Sleep(2 * time.Second)
		expect(t, n, "begin", "end", "begin", "end")
		api.Put(secret("a", corev1.SecretTypeDockerConfigJson))
		expect(t, n, "see a")
	})
}

func TestFollowTriesAgainLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		code := http.StatusForbidden
		api := &secretsapi.Server{Refuse: func(secretsapi.Request) int {
			mu.Lock()
			defer mu.Unlock()
			return code
		}}
		n := follow(t, api)
		time.Sleep(2 * time.Minute)
		if told := n.new(); len(told) < 12 || len(told) > 24 {
			t.Errorf("in two minutes it tried %d times", len(told)/2)
		}
		mu.Lock()
		code = 0
		mu.Unlock()
		time.Sleep(35 * time.Second)
		expect(t, n, "begin", "end")
	})
}
