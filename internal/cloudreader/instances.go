package cloudreader

import (
	"context"
	"errors"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// instanceInterval is between two readings of an instance, 2 calls: what they
	// tell changes with a person's work only.
	instanceInterval = 10 * time.Minute
	// instancePatience ends the reading of an instance, because zones wait meanwhile.
	instancePatience = 30 * time.Second
)

// An instance is known once it was read; tried is the last attempt.
type instance struct {
	alibaba.Instance
	read, tried time.Time
	err         error // of the last attempt
}

// errNotAsked stands for an instance whose turn hasn't come, because another one
// has just not answered.
var errNotAsked = errors.New("it was not asked yet")

// isDue tells whether an instance should be read.
func (r *Reader) isDue(i config.Instance) bool {
	return i.ID != "" && i.Region != "" && time.Since(r.instances[i.ID].tried) >= instanceInterval
}

// readInstances reads those that are due, until one fails: where ACR is in the
// dark, each failure takes its time, and the others have theirs in the next rounds.
// It tells whether all that were due could be read.
func (r *Reader) readInstances(ctx context.Context, configured []config.Instance) bool {
	for _, i := range configured {
		if !r.isDue(i) {
			continue
		}
		within, cancel := context.WithTimeout(ctx, instancePatience)
		read, err := r.Cloud.ReadInstance(within, i.ID, i.Region)
		cancel()
		last := r.instances[i.ID]
		last.tried, last.err = time.Now(), err
		switch {
		case err == nil:
			last.Instance, last.read = read, last.tried
			delete(r.failures, i.ID)
		case r.isNew(i.ID, err):
			r.Log.Warn("ACR can't be read: what it said of the instance stays", "instance", i.Name, "error", err, "requestId", requestID(err))
		}
		r.instances[i.ID] = last
		if err != nil {
			return false
		}
	}
	return true
}

// known gives what is known of instances, and which couldn't be read when they
// were tried last, by their names. Such a one is as it was read before.
func (r *Reader) known(configured []config.Instance) (known map[string]alibaba.Instance, unread map[string]Unread) {
	known, unread = map[string]alibaba.Instance{}, map[string]Unread{}
	for _, i := range configured {
		if i.ID == "" || i.Region == "" {
			continue
		}
		last := r.instances[i.ID]
		if last.tried.IsZero() {
			last.err = errNotAsked
		}
		if !last.read.IsZero() {
			known[i.Name] = last.Instance
		}
		if last.err != nil {
			unread[i.Name] = Unread{Since: last.read, Err: last.err}
		}
	}
	return known, unread
}
