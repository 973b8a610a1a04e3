package prober

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// A sink is where reports are written in a test; it remembers when.
type sink struct {
	mu      sync.Mutex
	at      []time.Duration
	reports []healthreport.Report
	begin   time.Time
	err     error
}

func (s *sink) Write(_ context.Context, r healthreport.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.reports = append(s.at, time.Since(s.begin)), append(s.reports, r)
	return s.err
}

func (s *sink) fails(err error) { s.mu.Lock(); s.err = err; s.mu.Unlock() }

func (s *sink) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.at...)
}

// reporting runs a reporter of a prober that doesn't probe.
func reporting(t *testing.T, test func(p *Prober, r *Reporter, s *sink)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Version: "v0.1.0", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
		p.Configure(example(t, "health: {failures: 1, successes: 1}"))
		p.begin()
		s := &sink{begin: time.Now()}
		r := NewReporter(s, p)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		test(p, r, s)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// turn makes an instance healthy, or not.
func turn(p *Prober, level healthreport.Level) {
	c, all := p.config, targets(p.config, nil)
	p.adopt(all[0], func(before Record) Record {
		return before.Next(Observation{Level: level, Reason: "r"}, time.Now(), Thresholds{c.Health.Failures, c.Health.Successes})
	})
}

func TestAChangeIsReportedAtOnce(t *testing.T) {
	reporting(t, func(p *Prober, _ *Reporter, s *sink) {
		time.Sleep(10 * time.Second)
		turn(p, healthreport.Unreachable)
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff([]time.Duration{0, 10 * time.Second}, s.times()); diff != "" {
			t.Error(diff)
		}
		if got := s.reports[1].Instances[0].Level; got != healthreport.Unreachable {
			t.Errorf("reported is %s", got)
		}
	})
}

func TestAReportIsRenewedBeforeItIsOld(t *testing.T) {
	reporting(t, func(_ *Prober, _ *Reporter, s *sink) {
		time.Sleep(10 * time.Minute)
		times := s.times()
		different := map[time.Duration]bool{}
		for i := range times[1:] {
			pause := times[i+1] - times[i]
			different[pause] = true
			if pause < 24*time.Second || pause > 30*time.Second {
				t.Errorf("renewed after %s", pause)
			}
		}
		if len(different) < 5 {
			t.Errorf("all are renewed in step: %v", times)
		}
	})
}

func TestAnInstanceThatChangesAllTheTimeIsReportedOnceASecond(t *testing.T) {
	reporting(t, func(p *Prober, _ *Reporter, s *sink) {
		for range 100 {
			turn(p, healthreport.Unreachable)
			time.Sleep(50 * time.Millisecond)
			turn(p, healthreport.Healthy)
			time.Sleep(50 * time.Millisecond)
		}
		if n := len(s.times()); n < 5 || n > 12 {
			t.Errorf("%d writes in 10 s", n)
		}
	})
}

func TestAWriteThatFailsIsTriedAgain(t *testing.T) {
	reporting(t, func(_ *Prober, r *Reporter, s *sink) {
		s.fails(errors.New("forbidden"))
		time.Sleep(25 * time.Second) // whatever came first
		synctest.Wait()
		before := len(s.times())
		time.Sleep(20 * time.Second)
		if n := len(s.times()) - before; n < 8 || n > 11 {
			t.Errorf("%d attempts in 20 s", n)
		}
		s.fails(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		before = len(s.times())
		time.Sleep(10 * time.Second)
		if len(s.times()) != before {
			t.Error("it goes on though it was written")
		}
		if err := r.Ready(); err != nil {
			t.Error(err)
		}
	})
}

// TestAnEmptyReportIsNeverWritten: it would be a voice that knows nothing.
func TestAnEmptyReportIsNeverWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
		p.Configure(example(t, ""))
		s := &sink{begin: time.Now()}
		r := NewReporter(s, p)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(10 * time.Second)
		if n := len(s.times()); n > 0 || r.Ready() == nil {
			t.Errorf("%d reports are written before the prober has begun", n)
		}
		p.begin()
		time.Sleep(time.Second)
		if n := len(s.times()); n != 1 || len(s.reports[0].Instances) != 4 {
			t.Errorf("%+v", s.reports)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAProberIsReadyOnceItHasReported(t *testing.T) {
	p := New(Options{Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	r := NewReporter(&sink{}, p)
	if r.Ready() == nil {
		t.Error("it is ready before")
	}
	if err := r.write(t.Context(), healthreport.Report{}); err != nil || r.Ready() != nil {
		t.Errorf("%v, %v", err, r.Ready())
	}
}
