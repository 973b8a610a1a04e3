package prober

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// learnEvery is how often the state is read: addresses of instances hardly ever change.
const learnEvery = 30 * time.Second

// A Learner reads the addresses that the controller has learnt from PrivateZone's API.
type Learner struct {
	// Store holds the state.
	Store published.Store
	// Config gives the configuration in force.
	Config func() *config.Config
	Log    *slog.Logger
}

// Run reads until ctx ends, and tells what it has read when that is another. Of an
// endpoint that can't be read the last stays.
func (l Learner) Run(ctx context.Context, learn func(map[string]zone.State)) error {
	known := map[string]zone.State{}
	var said string
	for {
		before := maps.Clone(known)
		failure := ""
		for _, e := range l.Config().Zones() {
			if !e.LearnsInternal { // nothing is learnt, and nothing may be read
				continue
			}
			switch s, there, err := l.read(ctx, e.Name); {
			case err != nil:
				failure = err.Error()
			case there: // else it isn't yet, or somebody has deleted it
				known[e.Name] = s
			}
		}
		if failure != "" && failure != said && ctx.Err() == nil {
			l.Log.Warn("the state can't be read: addresses stay as they were", "error", failure)
		}
		said = failure
		if !reflect.DeepEqual(before, known) {
			learn(maps.Clone(known))
		}
		if !pause(ctx, time.Duration(float64(learnEvery)*(0.9+0.2*rand.Float64()))) {
			return nil
		}
	}
}

func (l Learner) read(ctx context.Context, endpoint string) (s zone.State, there bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read, err := l.Store.Read(ctx, inputs.StateName, endpoint)
	if err != nil || !read.There {
		return zone.State{}, false, err
	}
	s, err = zone.ParseState([]byte(read.Text))
	s.LastSwitch = "" // which is no news here
	return s, true, err
}
