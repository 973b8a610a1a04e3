package prober

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// Seen is what one probe has found. Of what it didn't get to, it has zero values.
type Seen struct {
	health.Result
	// Token is why the token service doesn't work.
	Token error
	// Canary is what is wrong with the canary, as health.Prober.Manifest tells it.
	Canary error
}

// Expected is what a probe should find.
type Expected struct {
	// ID is the instance's.
	ID string
	// Names are the names of the endpoint's instances by their IDs.
	Names map[string]string
	// Slow is the time from which an answer is slow.
	Slow time.Duration
}

// An Observation is what one probe means.
type Observation struct {
	Level  healthreport.Level
	Reason string
	// Named says that the instance has named itself.
	Named bool
	// Latency is how long it took; 0 where nobody answered.
	Latency time.Duration
}

// Judge says what a probe means: what a pull would meet first comes first.
func Judge(s Seen, e Expected) Observation {
	o := Observation{Level: healthreport.Healthy}
	bad := func(level healthreport.Level, format string, args ...any) Observation {
		o.Level, o.Reason = level, fmt.Sprintf(format, args...)
		return o
	}
	if failed, ok := errors.AsType[*health.Error](s.Err); ok {
		return broken(failed, e.Slow)
	}
	o.Latency = s.Latency.Total()
	who := s.Answer.Instance
	problem := s.Certificate.Unusable()
	switch {
	case who.ID != "" && who.ID != e.ID && e.Names[who.ID] != "":
		return bad(healthreport.WrongIdentity, "answers as %s, which is %s", who.ID, e.Names[who.ID])
	case who.ID != "" && who.ID != e.ID:
		return bad(healthreport.WrongIdentity, "answers as %s, which is no instance of the configuration", who.ID)
	case problem != nil:
		return bad(healthreport.Failing, "has a wrong certificate: %s", problem)
	case s.Answer.RealmErr != nil:
		return bad(healthreport.Failing, "%s", s.Answer.RealmErr)
	case !s.Answer.Registry: // a pull may work or not: who answers isn't known
		return bad(healthreport.Unknown, "answers, but not recognisably as a registry")
	case o.Latency >= e.Slow:
		return bad(healthreport.Slow, "takes %s or longer to answer", e.Slow)
	}
	if failed, ok := errors.AsType[*health.Error](s.Token); ok {
		return besides(o, failed, "its token service "+s.Answer.Realm.Hostname(), e.Slow)
	}
	switch failed, ok := errors.AsType[*health.Error](s.Canary); {
	case ok:
		return besides(o, failed, "the canary manifest", e.Slow)
	case s.Canary != nil && !errors.Is(s.Canary, health.ErrNeedsCredentials):
		return bad(healthreport.Failing, "the canary manifest: %s", s.Canary)
	}
	o.Reason, o.Named = strings.Join(notes(s), "; "), who.ID == e.ID
	return o
}

// notes are what is to be said of an instance that is healthy.
func notes(s Seen) []string {
	all := []string{"answers as itself"}
	if s.Answer.Instance.ID == "" { // something stands in front of it, or it isn't ACR's Enterprise Edition
		all[0] = "answers without naming an instance"
	}
	if len(s.Certificate.Problems) > 0 {
		all = append(all, "its certificate is of an authority that is unknown here, which the node may know")
	}
	if s.Canary != nil {
		all = append(all, "the canary manifest is unknown: it can't be read without credentials")
	}
	return all
}

// broken says what it means that no registry has answered.
func broken(failed *health.Error, slow time.Duration) Observation {
	if errors.Is(failed, health.ErrThrottled) { // it does answer, and whether it would serve a pull it doesn't tell
		return Observation{Level: healthreport.Unknown, Reason: "wants to be asked less often: " + failed.Cause()}
	}
	switch failed.Part {
	case health.Lookup:
		return Observation{Level: healthreport.Unreachable, Reason: "its name can't be looked up: " + failed.Cause()}
	case health.Connect:
		return Observation{Level: healthreport.Unreachable, Reason: "can't be connected to: " + failed.Cause()}
	case health.Handshake, health.Request:
		if failed.Timeout() {
			return Observation{Level: healthreport.Slow, Reason: fmt.Sprintf("has not answered within %s", slow)}
		}
	}
	if failed.Part == health.Handshake {
		return Observation{Level: healthreport.Failing, Reason: "doesn't finish a TLS handshake: " + failed.Cause()}
	}
	return Observation{Level: healthreport.Failing, Reason: "doesn't answer as a registry does: " + failed.Cause()}
}

// besides says what it means that something fails which a pull needs besides the registry's answer.
func besides(o Observation, failed *health.Error, what string, slow time.Duration) Observation {
	late := failed.Timeout() && (failed.Part == health.Handshake || failed.Part == health.Request)
	switch {
	case late:
		o.Level, o.Reason = healthreport.Slow, fmt.Sprintf("%s has not answered within %s", what, slow)
	case failed.Part == health.Lookup:
		o.Level, o.Reason = healthreport.Failing, what+" can't be looked up: "+failed.Cause()
	case failed.Part == health.Connect:
		o.Level, o.Reason = healthreport.Failing, what+" can't be connected to: "+failed.Cause()
	default:
		o.Level, o.Reason = healthreport.Failing, what+": "+failed.Cause()
	}
	return o
}
