package readiness

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
)

// asks writes a request, as the plugin does.
func (w *world) asks(request string) {
	w.t.Helper()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{RequestKey(shared): request}})
	must(w.t, err)
	_, err = w.cluster.CoreV1().ConfigMaps("registry-failover").Patch(w.t.Context(), DrillsName, types.MergePatchType, patch, metav1.PatchOptions{})
	must(w.t, err)
}

// answered is what stands there, and how often it was written.
func (w *world) answered() (DrillAnswer, int) {
	w.t.Helper()
	m, err := w.cluster.CoreV1().ConfigMaps("registry-failover").Get(w.t.Context(), DrillsName, metav1.GetOptions{})
	must(w.t, err)
	text, there := m.Data[AnswerKey(shared)]
	if !there {
		return DrillAnswer{}, 0
	}
	a, err := ParseDrillAnswer(text)
	must(w.t, err)
	writes := 0
	for _, action := range w.cluster.Actions() {
		if p, is := action.(interface{ GetPatch() []byte }); is && strings.Contains(string(p.GetPatch()), AnswerKey(shared)) {
			writes++
		}
	}
	return a, writes
}

func requestOf(id, to string, sample int, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"to":%q,"sample":%d,"at":%q}`, id, to, sample, at.UTC().Format(time.RFC3339))
}

func TestADrillReadsImages(t *testing.T) {
	pods := running("web", "moved", "gone")
	during(t, "", pods, func(w *world) {
		w.hangzhou.latency = 20 * time.Millisecond
		w.runs(pods[0], w.hangzhou.stores("demo/web", "a layer"))
		w.hangzhou.stores("demo/moved", "another layer")
		time.Sleep(10 * time.Second)
		w.asks(requestOf("d-1", "hangzhou", 3, time.Now()))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		a, writes := w.answered()
		got := map[string]string{}
		for _, i := range a.Images {
			got[strings.TrimPrefix(i.Image, shared+"/demo/")] = fmt.Sprintf("%s, %d bytes, whole %v: %s", i.Finding, i.Bytes, i.Whole, i.Reason)
			if took := i.Seconds["manifest"]; took < 0.02 || took > 0.1 {
				t.Errorf("%s: its manifest took %v s", i.Image, took)
			}
		}
		want := map[string]string{
			"web:1": "present, 7 bytes, whole true: ", "moved:1": "stale, 13 bytes, whole true: ", "gone:1": "missing, 0 bytes, whole false: the registry doesn't have it",
		}
		if diff := cmp.Diff(want, got); diff != "" || a.ID != "d-1" || !a.Done || a.Problem != "" {
			t.Errorf("got %+v %s", a, diff)
		}
		if took := a.Images[0].Seconds; len(took) != 5 {
			t.Errorf("it tells of %v", took)
		}
		before := w.hangzhou.count(time.Time{})
		time.Sleep(12 * time.Minute)
		synctest.Wait()
		if _, again := w.answered(); again != writes {
			t.Errorf("it is answered %d times more", again-writes)
		}
		if n := w.hangzhou.count(time.Time{}) - before; n > 10 { // of which some are look-ups
			t.Errorf("%d requests more were made", n)
		}
		w.asks(requestOf("d-2", "hangzhou/internal", 1, time.Now()))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if a, _ := w.answered(); a.ID != "d-2" || len(a.Images) != 1 || !a.Done {
			t.Errorf("the next one: %+v", a)
		}
	})
}

// TestAPasswordThatIsWrongIsNotSentAgain, because accounts are locked for it: by look-ups for
// a quarter of an hour, though each instance is found anew meanwhile, and by a drill.
func TestAPasswordThatIsWrongIsNotSentAgain(t *testing.T) {
	var pods []*corev1.Pod
	for _, name := range []string{"web", "pay", "old"} {
		pods = append(pods, podOf("shop", name, nil, []string{"pull"}, shared+"/demo/"+name+":1"))
	}
	after(t, func(w *world) {
		must(t, w.cluster.Tracker().Add(pullSecret("pull", map[string]string{shared: "puller"})))
		w.hangzhou.guarded, w.zhangjiakou.guarded, w.auth.strict = true, true, true
	}, `pullSecrets: {mode: Check, namespaces: ["shop"]}`, pods, func(w *world) {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		at := w.auth.logins // by several askers at once
		time.Sleep(14 * time.Minute)
		synctest.Wait()
		if w.auth.logins != at {
			t.Errorf("it was sent %d times, and then %d", at, w.auth.logins-at)
		}
		w.asks(requestOf("a", "hangzhou", 3, time.Now()))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if a, _ := w.answered(); len(a.Images) != 3 || a.Images[2].Finding != Unreadable || w.auth.logins != at+1 {
			t.Errorf("after a drill it was sent %d times: %+v", w.auth.logins, a)
		}
	})
}

// TestRequestsThatAreNotFollowed are answered with the reason, and read nothing.
func TestRequestsThatAreNotFollowed(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 10, 0, time.UTC) // the test's
	for sentence, test := range map[string]struct{ request, problem string }{
		"no JSON":           {"{", "the request is no JSON object"},
		"no id":             {requestOf("", "hangzhou", 1, now), "the request's id must have"},
		"an id of a shell":  {requestOf("$(x)", "hangzhou", 1, now), "the request's id must have"},
		"no sample":         {requestOf("a", "hangzhou", 0, now), "the request's sample is 0: it must be 1 to 20"},
		"too many":          {requestOf("a", "hangzhou", 21, now), "the request's sample is 21: it must be 1 to 20"},
		"an unknown target": {requestOf("a", "beijing", 1, now), "the request's to names no instance of the endpoint"},
		"privatezone":       {requestOf("a", "privatezone", 1, now), "the request's to names no instance of the endpoint"},
		"an old one":        {requestOf("a", "hangzhou", 1, now.Add(-time.Hour)), "the request isn't of the last 10m0s by the controller's clock"},
		"one of tomorrow":   {requestOf("a", "hangzhou", 1, now.Add(24*time.Hour)), "the request isn't of the last 10m0s by the controller's clock"},
		"a book":            {strings.Repeat("x", 5000), "the request has 5000 bytes: at most 4096 are read"},
	} {
		t.Run(sentence, func(t *testing.T) {
			during(t, "", running("web"), func(w *world) {
				time.Sleep(10 * time.Second)
				w.asks(test.request)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if a, writes := w.answered(); !strings.HasPrefix(a.Problem, test.problem) || !a.Done || len(a.Images) != 0 || writes != 1 {
					t.Errorf("got %+v after %d writes", a, writes)
				}
			})
		})
	}
}

func TestAnInstanceThatIsSilentAtADrill(t *testing.T) {
	during(t, "", running("web"), func(w *world) {
		w.hangzhou.fallSilent(true)
		time.Sleep(10 * time.Second)
		w.asks(requestOf("a", "hangzhou", 5, time.Now()))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		a, _ := w.answered()
		if len(a.Images) != 1 || a.Images[0].Finding != Unknown || !strings.Contains(a.Images[0].Reason, "no route to host") || a.Problem != "workloads name only 1 image of the endpoint" {
			t.Errorf("got %+v", a)
		}
	})
}

// TestNoImageIsSaidOnlyAfterALook has a drill begin before the leader has listed anything,
// and one before the workload that came last is listed by itself.
func TestNoImageIsSaidOnlyAfterALook(t *testing.T) {
	for sentence, test := range map[string]struct {
		pods []*corev1.Pod
		// late says that they come after the survey.
		late  bool
		reads int
	}{
		"none runs":          {nil, false, 0},
		"one runs":           {running("web"), false, 1},
		"one has come since": {running("web"), true, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			after(t, func(w *world) {
				begin := time.Now()
				w.cluster.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
					return test.late && time.Since(begin) < 10*time.Second, &corev1.PodList{}, nil
				})
			}, "", test.pods, func(w *world) {
				if test.late {
					time.Sleep(10 * time.Second)
				}
				w.asks(requestOf("a", "hangzhou", 5, time.Now()))
				time.Sleep(20 * time.Second)
				synctest.Wait()
				if a, _ := w.answered(); len(a.Images) != test.reads || a.None != (test.reads == 0) || !a.Done {
					t.Errorf("got %+v", a)
				}
			})
		})
	}
}

func TestImagesThatCanNotBeListedAreNotNone(t *testing.T) {
	after(t, func(w *world) {
		w.cluster.PrependReactor("list", "cronjobs", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, errors.New("no")
		})
	}, "", nil, func(w *world) {
		w.asks(requestOf("a", "hangzhou", 5, time.Now()))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if a, _ := w.answered(); a.None || !a.Done || !strings.HasPrefix(a.Problem, "the images of workloads can't be listed: ") {
			t.Errorf("got %+v", a)
		}
	})
}

// TestAnAnswerThatCanNotBeWrittenIsWrittenSoon because the plugin waits for it.
func TestAnAnswerThatCanNotBeWrittenIsWrittenSoon(t *testing.T) {
	refused := 0
	after(t, func(w *world) {
		w.cluster.PrependReactor("patch", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if refused > 1 || !strings.Contains(string(a.(clienttesting.PatchAction).GetPatch()), AnswerKey(shared)) {
				return false, nil, nil
			}
			refused++
			return true, nil, errors.New("not now")
		})
	}, "", nil, func(w *world) {
		time.Sleep(time.Second)
		w.asks(requestOf("a", "hangzhou", 5, time.Now()))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if a, _ := w.answered(); !a.Done || refused != 2 {
			t.Errorf("after %d refusals: %+v", refused, a)
		}
	})
}

// TestBadRequestsAfterEachOther have no id by which they could be told apart.
func TestBadRequestsAfterEachOther(t *testing.T) {
	during(t, "", nil, func(w *world) {
		for request, problem := range map[string]string{"{": "the request is no JSON object", requestOf("a", "hangzhou", 0, time.Now()): "the request's sample is 0"} {
			time.Sleep(5 * time.Second)
			w.asks(request)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if a, _ := w.answered(); !strings.HasPrefix(a.Problem, problem) {
				t.Errorf("%s: got %+v", request, a)
			}
		}
	})
}

func TestASampleHasWhatMostPodsRun(t *testing.T) {
	s := newShelf(t, "hangzhou")
	var pods []*corev1.Pod
	for n := range 20 {
		for k := range 1 + n/15*(n-14) { // the last five have 2 to 6
			pods = append(pods, podOf("shop", fmt.Sprint(n, "-", k), nil, nil, fmt.Sprintf("%s/demo/app-%02d:1", shared, n)))
		}
	}
	s.survey(pods...)
	names := func(seed string, n int) (all []string) {
		for _, i := range s.sample(shared, n, seed) {
			all = append(all, strings.TrimPrefix(i.Repository, "demo/app-"))
		}
		return all
	}
	first, again, other := names("a", 5), names("a", 5), names("b", 5)
	if diff := cmp.Diff([]string{"19", "18", "17"}, first[:3]); diff != "" || len(first) != 5 {
		t.Errorf("%v %s", first, diff)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed: %s", diff)
	}
	if cmp.Equal(first, other) {
		t.Errorf("another seed gives the same: %v", other)
	}
	if all := names("a", 50); len(all) != 20 {
		t.Errorf("of 20 it takes %d", len(all))
	}
}

func FuzzParseDrillRequest(f *testing.F) {
	f.Add(requestOf("d-1", "hangzhou/public", 5, begin))
	f.Add(`{"id":"a","sample":1e3}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseDrillRequest(text)
		if err != nil {
			if r != (DrillRequest{}) {
				t.Errorf("an error comes with %+v", r)
			}
			return
		}
		if r.Sample < 1 || r.Sample > MostSampled || !drillID.MatchString(r.ID) || len(text) > maxRequest {
			t.Errorf("%q is taken: %+v", text, r)
		}
	})
}

func FuzzParseImages(f *testing.F) {
	f.Add(`{"version":1,"images":[{"image":"a","findings":[{"instance":"b","finding":"missing"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		images, err := ParseImages(text)
		if err != nil {
			return
		}
		if _, err := ParseImages(images.Encode()); err != nil && len(images.Encode()) < 1<<20 {
			t.Errorf("what is written can't be read: %v", err)
		}
	})
}
