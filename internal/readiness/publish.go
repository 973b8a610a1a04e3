package readiness

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// publishEvery is between two looks at whether there is something new to tell.
	publishEvery = 5 * time.Second
	// growing is between two changes of a status that isn't complete.
	growing = 30 * time.Second
	// statusInterval is how old the time in a status may become.
	statusInterval = 10 * time.Minute
)

// A publisher tells what the book has.
type publisher struct {
	*Keeper
	config    *config.Config
	endpoints map[string]*toldOf
}

// toldOf is what was told of an endpoint.
type toldOf struct {
	recalled  bool
	status    Status
	condition Condition
	revision  int
	silent    map[string]string
	at        time.Time // when it was written
	// images is the hash of the list that was written, its time aside.
	images [sha256.Size]byte
	// since is when the condition began to be judged otherwise than it is told.
	since time.Time
	said  string
}

func newPublisher(k *Keeper, c *config.Config) *publisher {
	p := &publisher{k, c, map[string]*toldOf{}}
	for _, e := range c.Endpoints {
		p.endpoints[e.Name] = &toldOf{}
	}
	return p
}

func (p *publisher) run(ctx context.Context) {
	forgotten, said := false, ""
	for {
		if !forgotten {
			err := p.forget(ctx)
			if forgotten = err == nil; err != nil && ctx.Err() == nil && err.Error() != said {
				said = err.Error()
				p.Log.Warn("lists of former endpoints stay where they are", "error", err)
			}
		}
		for _, e := range p.config.Endpoints {
			if err := p.tell(ctx, e, time.Now()); err != nil && ctx.Err() == nil {
				p.warn(e.Name, err)
			}
		}
		if !pause(ctx, publishEvery, nil) {
			return
		}
	}
}

// tell publishes what is new of an endpoint. What the leader before has told stands until
// this one knows as much.
func (p *publisher) tell(ctx context.Context, e config.Endpoint, now time.Time) error {
	t := p.endpoints[e.Name]
	if err := p.recall(ctx, e.Name, t, now); err != nil {
		return err
	}
	silent := map[string]string{}
	for instance, d := range p.doors[e.Name] {
		silent[instance] = d.silent()
	}
	p.mutex.Lock()
	isKnown, revision := p.surveyed, p.book.revision
	if isKnown && t.rests(revision, silent, now) {
		p.mutex.Unlock()
		return nil
	}
	s := p.book.Summary(e.Name, silent, now)
	p.mutex.Unlock()
	if !isKnown || !s.Complete && t.status.Complete && now.Sub(t.status.At) < Old {
		return nil
	}
	s.inherit(t.status)
	s.Conditions = []Condition{t.judge(s, e.Primary, p.config.Failover.ReadyShare, now)}
	p.metrics.show(e.Name, s)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var listed error // the counts don't wait for the list
	if revision != t.revision && (s.Complete || now.Sub(t.at) >= growing) {
		if listed = p.putImages(ctx, e.Name, t, now); listed == nil {
			t.revision = revision
		}
	}
	if !t.due(s, now) {
		return listed
	}
	if err := published.PutStatus(ctx, p.Store, e.Name, StatusKey, s); err != nil {
		return err
	}
	p.event(ctx, e.Name, t.condition, s.Conditions[0])
	t.status, t.condition, t.at, t.said, t.silent = s, s.Conditions[0], now, "", silent
	return listed
}

// inherit takes over what an instance has said to the leader before, where it has said
// nothing to this one and is silent.
func (s *Status) inherit(before Status) {
	for n, i := range s.Instances {
		old, there := before.Find(i.Instance)
		if !there || i.Silent == "" || i.Oldest != nil || old.Unknown == before.Images {
			continue
		}
		old.Silent = i.Silent
		if old.Oldest == nil {
			old.Oldest = &before.At
		}
		s.Instances[n] = old
	}
}

// rests tells without a look at each image whether nothing can be new.
func (t *toldOf) rests(revision int, silent map[string]string, now time.Time) bool {
	return t.revision == revision && now.Sub(t.at) < statusInterval && t.since.IsZero() && t.status.Complete && maps.Equal(t.silent, silent)
}

// recall takes over what stands there, so that a condition doesn't begin anew. A clock that
// was ahead has told of no later time than now.
func (p *publisher) recall(ctx context.Context, endpoint string, t *toldOf, now time.Time) error {
	if t.recalled {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := p.Store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil {
		return err
	}
	t.recalled = true
	if s, there, err := ParseStatus(read.Text); there && err == nil { // else it tells nothing
		if now.Before(s.At) {
			s.At = now.UTC().Truncate(time.Second)
		}
		t.status = s
		for _, c := range s.Conditions {
			if c.Type == StandbyReady {
				t.condition = c
			}
		}
		p.metrics.show(endpoint, s)
	}
	return nil
}

// judge gives the condition to tell.
func (t *toldOf) judge(s Status, primary string, ready float64, now time.Time) Condition {
	judged := s.Condition(primary, ready)
	switch {
	case judged.Status == t.condition.Status:
		t.since = time.Time{}
	case t.since.IsZero():
		t.since = now
	}
	now = now.UTC().Truncate(time.Second)
	return t.condition.next(judged, t.since, now)
}

// due tells whether the status is to be written: when it is another, though less often
// while much is still to come, or the one that stands there becomes old.
func (t *toldOf) due(s Status, now time.Time) bool {
	switch age := now.Sub(t.at); {
	case age >= statusInterval:
		return true
	case !s.Complete && age < growing:
		return false
	}
	return t.status.differs(s)
}

// differs tells whether there is more news than that times go by.
func (s Status) differs(other Status) bool {
	if s.Complete != other.Complete || s.Images != other.Images || len(s.Instances) != len(other.Instances) || len(s.Conditions) != len(other.Conditions) {
		return true
	}
	for n, i := range s.Instances {
		o := other.Instances[n]
		i.Oldest, o.Oldest = nil, nil
		if i != o {
			return true
		}
	}
	for n, c := range s.Conditions {
		if c.Status != other.Conditions[n].Status || c.Message != other.Conditions[n].Message {
			return true
		}
	}
	return false
}

// putImages writes the list of images where it is another.
func (p *publisher) putImages(ctx context.Context, endpoint string, t *toldOf, now time.Time) error {
	p.mutex.Lock()
	images := p.book.Worst(endpoint, MaxImagesBytes/len(p.config.Endpoints))
	p.mutex.Unlock()
	without := images.Encode()
	sum := sha256.Sum256([]byte(without))
	if sum == t.images {
		return nil
	}
	images.At = now.UTC().Truncate(time.Second)
	read, err := p.Store.Read(ctx, ImagesName, endpoint)
	if err != nil {
		return err
	}
	if err := p.Store.Write(ctx, ImagesName, endpoint, read, images.Encode()); err != nil {
		return err
	}
	t.images = sum
	return nil
}

// event makes an Event of a condition that is another. It is no news that all is well from
// the beginning, nor that nothing is known at the beginning.
func (p *publisher) event(ctx context.Context, endpoint string, before, after Condition) {
	begins := before.Status == "" || before.Reason == NotLookedUp
	if before.Status == after.Status || begins && (after.Status == "True" || after.Reason == NotLookedUp) {
		return
	}
	level, kind, reason := slog.LevelInfo, corev1.EventTypeNormal, "StandbyReady"
	switch after.Status {
	case "False":
		level, kind, reason = slog.LevelWarn, corev1.EventTypeWarning, "StandbyNotReady"
	case "Unknown":
		level, kind, reason = slog.LevelWarn, corev1.EventTypeWarning, "StandbyReadinessUnknown"
	}
	p.Log.Log(ctx, level, "whether pods could start after a failover has changed", "endpoint", endpoint, "ready", after.Status, "reason", after.Reason, "message", after.Message)
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: p.Namespace, Name: inputs.SwitchName, FieldPath: "data[" + endpoint + "]",
	}
	p.Events.Eventf(about, nil, kind, reason, "LookUpImages", "%s: %s", endpoint, after.Message)
}

// warn logs an error that isn't the last one.
func (p *publisher) warn(endpoint string, err error) {
	t := p.endpoints[endpoint]
	if errors.Is(err, published.ErrMeanwhile) || t.said == err.Error() { // the next look writes it
		return
	}
	t.said = err.Error()
	p.Log.Warn("what is known of the images can't be published", "endpoint", endpoint, "error", err)
}
