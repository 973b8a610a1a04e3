package readiness

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

var begin = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

// A shelf is a Book with one endpoint, and the time.
type shelf struct {
	*Book
	t   *testing.T
	now time.Time
}

func newShelf(t *testing.T, instances ...string) *shelf {
	t.Helper()
	s := &shelf{NewBook(func() float64 { return 0.5 }), t, begin}
	s.configure(instances...)
	return s
}

func (s *shelf) configure(instances ...string) {
	e := Endpoint{Name: shared, Primary: "zhangjiakou"}
	for _, i := range instances {
		e.Instances = append(e.Instances, Instance{i, "cri-" + i})
	}
	s.Configure([]Endpoint{e})
}

// survey merges what a cluster with these pods wants.
func (s *shelf) survey(pods ...*corev1.Pod) {
	s.t.Helper()
	r, err := parse(s.t, "").Rewriter()
	must(s.t, err)
	survey := NewSurvey(r, namespaces(s.t))
	for _, p := range pods {
		survey.AddPod(p)
	}
	s.Merge(survey)
}

// ask puts all questions that are due, and answers them: found with the digest, or as the
// word says. It returns what was asked for.
func (s *shelf) ask(instance, word string) (asked []string) {
	s.t.Helper()
	for {
		q, _ := s.Next(shared, instance, s.now)
		if q == nil {
			return asked
		}
		asked = append(asked, strings.TrimPrefix(q.Name, shared+"/"))
		a := Answer{reason: word}
		for range q.Pullers {
			a.outcomes = append(a.outcomes, map[string]outcome{"missing": missing, "refused": refused, "untried": untried}[word])
		}
		switch word {
		case "missing", "refused", "untried":
		case "error":
			a = Answer{err: errors.New("nothing came in time")}
		default:
			a = Answer{digest: word}
			for range q.Pullers {
				a.outcomes = append(a.outcomes, found)
			}
		}
		s.Take(q, a, s.now)
	}
}

// counts are what is found on an instance, in short.
func (s *shelf) counts(instance string) string {
	i, _ := s.Summary(shared, nil, s.now).Find(instance)
	return fmt.Sprintf("present %d, stale %d, missing %d, unreadable %d, unknown %d, untried %d: %d blocked", i.Present, i.Stale, i.Missing, i.Unreadable, i.Unknown, i.Untried, i.PodsBlocked)
}

func (s *shelf) expect(instance, want string) {
	s.t.Helper()
	if got := s.counts(instance); got != want {
		s.t.Errorf("%s: %s, not %s", instance, got, want)
	}
}

func webPod(name string) *corev1.Pod {
	return podOf("shop", name, nil, []string{"pull"}, shared+"/demo/web:1")
}

func TestWhatIsWrongIsAskedForAgainSooner(t *testing.T) {
	for word, want := range map[string][]time.Duration{
		digest:    {6 * time.Hour, 6 * time.Hour},
		other:     {time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, 64 * time.Minute, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour},
		"missing": {time.Minute, 2 * time.Minute},
		"refused": {time.Minute, 2 * time.Minute},
		"untried": {time.Minute, 2 * time.Minute},
		"error":   {time.Minute, 2 * time.Minute},
	} {
		t.Run(word, func(t *testing.T) {
			s := newShelf(t, "hangzhou")
			s.survey(webPod("a"))
			var got []time.Duration
			last := s.now
			for range want {
				s.ask("hangzhou", word)
				for {
					q, wait := s.Next(shared, "hangzhou", s.now)
					if q != nil {
						s.Drop(q)
						break
					}
					s.now = s.now.Add(wait)
				}
				got = append(got, s.now.Sub(last))
				last = s.now
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := again(true, 0, 0.5); got != 24*time.Hour {
		t.Errorf("a digest that is present is asked for after %s", got)
	}
	if least, most := again(false, 0, 0), again(false, 0, 1); least != 288*time.Minute || most != 432*time.Minute {
		t.Errorf("%s to %s", least, most)
	}
}

func TestCounts(t *testing.T) {
	s := newShelf(t, "hangzhou", "zhangjiakou")
	s.survey(webPod("a"), webPod("b"), podOf("shop", "c", nil, nil, shared+"/demo/web:1", shared+"/demo/side:1"), podOf("shop", "d", nil, nil, "busybox"))
	s.expect("hangzhou", "present 0, stale 0, missing 0, unreadable 0, unknown 2, untried 0: 0 blocked")
	if status := s.Summary(shared, nil, s.now); status.Complete || status.Images != 2 || status.Share()["hangzhou"] != 0 {
		t.Errorf("got %+v", status)
	}
	if status := s.Summary(shared, map[string]string{"hangzhou": "it is away", "zhangjiakou": "it is away"}, s.now); !status.Complete {
		t.Error("it isn't complete, though nobody can be asked")
	}
	s.ask("zhangjiakou", digest)
	s.ask("hangzhou", "missing")
	s.expect("zhangjiakou", "present 2, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
	s.expect("hangzhou", "present 0, stale 0, missing 2, unreadable 0, unknown 0, untried 0: 3 blocked")
	status := s.Summary(shared, nil, s.now)
	if diff := cmp.Diff(map[string]float64{"hangzhou": 0, "zhangjiakou": 1}, status.Share()); diff != "" || !status.Complete {
		t.Errorf("got %+v %s", status, diff)
	}
	for n, test := range []struct{ word, want string }{
		{"untried", "present 0, stale 0, missing 0, unreadable 2, unknown 0, untried 2: 0 blocked"},
		{"refused", "present 0, stale 0, missing 0, unreadable 2, unknown 0, untried 0: 3 blocked"},
		{"error", "present 0, stale 0, missing 0, unreadable 2, unknown 0, untried 0: 3 blocked"}, // as it was
		{other, "present 0, stale 2, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked"},
		{digest, "present 2, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked"},
	} {
		s.now = s.now.Add(3 * time.Hour)
		if asked := s.ask("hangzhou", test.word); len(asked) != 2 {
			t.Errorf("%d: only %v were asked for", n, asked)
		}
		s.expect("hangzhou", test.want)
	}
}

// TestPodsOfTheSameImageMayHaveOtherCredentials, and only those without one are blocked.
func TestPodsOfTheSameImageMayHaveOtherCredentials(t *testing.T) {
	s := newShelf(t, "hangzhou")
	s.survey(webPod("a"), podOf("pay", "b", nil, nil, shared+"/demo/web:1"))
	q, _ := s.Next(shared, "hangzhou", s.now)
	a := Answer{digest: digest, reason: "some are refused"}
	for _, p := range q.Pullers {
		a.outcomes = append(a.outcomes, map[string]outcome{"shop": found, "pay": refused}[p.Namespace])
	}
	s.Take(q, a, s.now)
	s.expect("hangzhou", "present 0, stale 0, missing 0, unreadable 1, unknown 0, untried 0: 1 blocked")
}

func TestATagThatRunsAnotherDigestIsAskedForAtOnce(t *testing.T) {
	s := newShelf(t, "hangzhou")
	pod := webPod("a")
	s.survey(pod)
	s.ask("hangzhou", digest)
	s.survey(pod)
	if asked := s.ask("hangzhou", digest); asked != nil {
		t.Errorf("%v is asked for again though nothing is new", asked)
	}
	pod.Status.ContainerStatuses[0].ImageID = shared + "/demo/web@" + other
	s.survey(pod)
	s.expect("hangzhou", "present 0, stale 1, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
	if asked := s.ask("hangzhou", other); len(asked) != 1 {
		t.Errorf("%v is asked for", asked)
	}
	s.expect("hangzhou", "present 1, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
}

// TestPodsThatComeAndGo, as a CronJob's do, are no reason to ask again for what they run.
func TestPodsThatComeAndGo(t *testing.T) {
	s := newShelf(t, "hangzhou")
	stays, comes := webPod("a"), webPod("b")
	stays.Status.ContainerStatuses[0].ImageID = "" // as of an image that was imported
	s.survey(stays)
	s.ask("hangzhou", digest)
	for _, pods := range [][]*corev1.Pod{{stays, comes}, {stays}, {comes}} {
		s.survey(pods...)
		if asked := s.ask("hangzhou", digest); asked != nil {
			t.Errorf("%v is asked for again", asked)
		}
	}
	s.expect("hangzhou", "present 1, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
}

// TestASurveyAsksNothingAnew of what an instance fails with.
func TestASurveyAsksNothingAnew(t *testing.T) {
	s := newShelf(t, "hangzhou")
	s.survey(webPod("a"))
	s.ask("hangzhou", "error")
	s.survey(webPod("a"))
	if asked := s.ask("hangzhou", "error"); asked != nil {
		t.Errorf("%v is asked for again", asked)
	}
	if status := s.Summary(shared, nil, s.now); !status.Complete {
		t.Error("it isn't complete, though it was asked for")
	}
	s.survey(podOf("shop", "a", nil, []string{"another"}, shared+"/demo/web:1"))
	if status := s.Summary(shared, nil, s.now); status.Complete {
		t.Error("it is complete, though pods have another Secret")
	}
	if asked := s.ask("hangzhou", digest); len(asked) != 1 {
		t.Errorf("%v is asked for", asked)
	}
}

func TestPodsWithOtherSecretsAreAskedForAtOnce(t *testing.T) {
	s := newShelf(t, "hangzhou")
	s.survey(webPod("a"))
	s.ask("hangzhou", "refused")
	s.survey(podOf("shop", "a", nil, []string{"pull", "another"}, shared+"/demo/web:1"))
	s.expect("hangzhou", "present 0, stale 0, missing 0, unreadable 0, unknown 1, untried 0: 0 blocked")
	s.ask("hangzhou", digest)
	s.expect("hangzhou", "present 1, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
}

func TestImagesThatNobodyNamesAreForgotten(t *testing.T) {
	s := newShelf(t, "hangzhou")
	s.survey(webPod("a"))
	q, _ := s.Next(shared, "hangzhou", s.now)
	s.survey()
	s.Take(q, Answer{outcomes: []outcome{missing}}, s.now) // late
	s.expect("hangzhou", "present 0, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
	if status := s.Summary(shared, nil, s.now); status.Images != 0 || status.Share()["hangzhou"] != 1 || !status.Complete {
		t.Errorf("got %+v", status)
	}
}

func TestAConfigurationThatChangesKeepsWhatIsKnown(t *testing.T) {
	s := newShelf(t, "hangzhou", "zhangjiakou")
	s.survey(webPod("a"))
	s.ask("hangzhou", digest)
	asked, _ := s.Next(shared, "zhangjiakou", s.now)
	s.configure("beijing", "zhangjiakou", "hangzhou")
	s.Take(asked, Answer{outcomes: []outcome{missing}}, s.now) // of a question that is void
	s.expect("hangzhou", "present 1, stale 0, missing 0, unreadable 0, unknown 0, untried 0: 0 blocked")
	s.expect("zhangjiakou", "present 0, stale 0, missing 0, unreadable 0, unknown 1, untried 0: 0 blocked")
	s.expect("beijing", "present 0, stale 0, missing 0, unreadable 0, unknown 1, untried 0: 0 blocked")
	if asked := s.ask("zhangjiakou", digest); len(asked) != 1 {
		t.Errorf("%v was asked for", asked)
	}
	s.Configure([]Endpoint{{Name: shared, Instances: []Instance{{"hangzhou", "cri-another"}}}})
	s.expect("hangzhou", "present 0, stale 0, missing 0, unreadable 0, unknown 1, untried 0: 0 blocked")
	s.Configure(nil)
	if status := s.Summary(shared, nil, s.now); status.Images != 0 {
		t.Errorf("got %+v", status)
	}
	if q, _ := s.Next(shared, "hangzhou", s.now); q != nil {
		t.Errorf("%s is asked for", q.Name)
	}
}

func TestTheListHasTheWorstFirst(t *testing.T) {
	s := newShelf(t, "hangzhou", "zhangjiakou")
	one := func(name, image string) *corev1.Pod { return podOf("shop", name, nil, nil, shared+"/demo/"+image+":1") }
	s.survey(one("a", "fine"), one("b", "stale"), one("c", "lonely"), one("d", "popular"), one("e", "popular"))
	words := map[string]string{"fine": digest, "stale": other, "lonely": "missing", "popular": "missing"}
	for {
		q, _ := s.Next(shared, "hangzhou", s.now)
		if q == nil {
			break
		}
		a := Answer{outcomes: []outcome{found}, digest: words[strings.TrimPrefix(q.Repository, "demo/")]}
		if a.digest == "missing" {
			a = Answer{outcomes: []outcome{missing}, reason: "the registry doesn't have it"}
		}
		s.Take(q, a, s.now)
	}
	s.ask("zhangjiakou", digest)
	images := s.Worst(shared, MaxImagesBytes)
	read, err := ParseImages(images.Encode())
	must(t, err)
	if diff := cmp.Diff(images, read); diff != "" {
		t.Error(diff)
	}
	var got []string
	for _, i := range images.Images {
		got = append(got, strings.TrimPrefix(i.Image, shared+"/demo/"))
	}
	if diff := cmp.Diff([]string{"popular:1", "lonely:1", "stale:1"}, got); diff != "" || images.LeftOut != 0 {
		t.Error(diff)
	}
	want := []ImageFinding{
		{Instance: "hangzhou", Finding: Missing, Reason: "the registry doesn't have it", Since: &begin, At: &begin},
		{Instance: "zhangjiakou", Finding: Present, Since: &begin, At: &begin},
	}
	if diff := cmp.Diff(want, images.Images[0].Findings); diff != "" || images.Images[0].Pods != 2 || images.Images[0].Workloads[0] != "shop/Pod/d" {
		t.Errorf("%+v %s", images.Images[0], diff)
	}
	if images.Images[2].Findings[0].Reason != "it has "+other {
		t.Errorf("%+v", images.Images[2])
	}
	short := s.Worst(shared, 1000)
	if text := short.Encode(); len(text) > 1000 || len(short.Images) != 1 || short.LeftOut != 2 {
		t.Errorf("%d bytes, %d images and %d left out", len(text), len(short.Images), short.LeftOut)
	}
}

// TestTheListCountsWhatWaits has one instance asked and not the other: to list all of that
// would be to write it anew each half minute.
func TestTheListCountsWhatWaits(t *testing.T) {
	s := newShelf(t, "hangzhou", "zhangjiakou")
	s.survey(podOf("shop", "a", nil, nil, shared+"/demo/web:1"), podOf("shop", "b", nil, nil, shared+"/demo/db:1"))
	if images := s.Worst(shared, MaxImagesBytes); len(images.Images) != 0 || images.Waiting != 2 {
		t.Errorf("before anything is asked: %+v", images)
	}
	s.ask("hangzhou", digest)
	if images := s.Worst(shared, MaxImagesBytes); len(images.Images) != 0 || images.Waiting != 2 {
		t.Errorf("while the standby alone has answered: %+v", images)
	}
	s.ask("zhangjiakou", other)
	images := s.Worst(shared, MaxImagesBytes)
	if len(images.Images) != 2 || images.Waiting != 0 {
		t.Errorf("when both have: %+v", images)
	}
}
