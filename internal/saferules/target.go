package saferules

import (
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// find gives what the probers find of a target.
func (f Facts) find(t zone.Target) (healthquorum.Instance, bool) {
	for _, i := range f.Health {
		if i.Instance == t.Instance && i.Network == string(t.Network) {
			return i, true
		}
	}
	return healthquorum.Instance{}, false
}

func targetHealthy(f Facts) (Outcome, string) {
	t := f.Serves()
	if f.HealthUnknown != "" {
		return NobodyKnows, f.HealthUnknown
	}
	found, there := f.find(t)
	if !there {
		return NobodyKnows, fmt.Sprintf("the probers don't tell of %s", t)
	}
	text := fmt.Sprintf("%s is %s, by %s: %s", t, found.Level, several(found.Agree, "prober", "probers"), found.Reason)
	switch {
	case found.Level == healthreport.Healthy:
		return Pass, text
	case found.Level.Bad():
		return Fail, text
	}
	return NobodyKnows, fmt.Sprintf("%s: %s: %s", t, found.Level, found.Reason)
}

// How old the counts of images may be. A standby that was ready yesterday is most likely
// still: a failover doesn't wait for a controller. A failback can, and images are pushed to the
// standby meanwhile.
const (
	readinessOld = 24 * time.Hour
	failbackOld  = time.Hour
)

// images are those of the instance, or why nobody knows them.
func (f Facts) images(oldest time.Duration) (InstanceImages, string) {
	r := f.Told.Readiness
	switch {
	case f.Told.Unknown != "":
		return InstanceImages{}, f.Told.Unknown
	case r == nil:
		return InstanceImages{}, "the controller has not told which images the instances have"
	case f.Now.Sub(r.At) > oldest:
		return InstanceImages{}, "the images were looked up at " + r.At.UTC().Format(time.RFC3339) + ", which is long ago"
	}
	i, there := r.of(f.instance())
	if !there {
		return InstanceImages{}, fmt.Sprintf("nobody has looked up the images on %s", f.instance())
	}
	return i, ""
}

func targetReady(f Facts) (Outcome, string) {
	i, unknown := f.images(readinessOld)
	switch {
	case unknown != "" && f.Rules.ReadyShare == 0:
		return Pass, "failover.readyShare is 0, which asks for no images; and " + unknown
	case unknown != "":
		return NobodyKnows, unknown
	}
	text := fmt.Sprintf("%s has %s of %s", f.instance(), percent(i.Share), several(f.Told.Readiness.Images, "image", "images"))
	if i.PodsBlocked > 0 {
		text += ", so that " + several(i.PodsBlocked, "pod", "pods") + " could not start there"
	}
	least, open := f.Rules.ReadyShare, i.Unknown+i.Untried
	asked := ", and failover.readyShare asks for " + percent(least)
	switch most := i.Share + float64(open)/float64(max(f.Told.Readiness.Images, 1)); {
	case i.Share >= least: // not so of NaN
		return Pass, text
	case open > 0 && most >= least:
		return NobodyKnows, fmt.Sprintf("%s%s; of %d more it isn't known%s", text, asked, open, i.untried())
	}
	return Fail, text + asked
}

// untried tells of those that a setting keeps from being known.
func (i InstanceImages) untried() string {
	if i.Untried == 0 {
		return ""
	}
	return fmt.Sprintf(", of %d for want of the pods' credentials, which pullSecrets.mode Check or Derive lets the controller read", i.Untried)
}

func credentialsPresent(f Facts) (Outcome, string) {
	c := f.Credentials
	if c.Skipped != "" {
		return Skipped, c.Skipped
	}
	bad, unknown := "", c.Unknown
	failed := 0
	for _, finding := range c.Findings {
		if finding.Endpoint != "" && finding.Endpoint != f.Endpoint.Name {
			continue
		}
		text := finding.Text
		if finding.Subject != "" {
			text = finding.Subject + ": " + text
		}
		switch finding.Level {
		case checks.Failed:
			if failed++; failed == 1 {
				bad = text
			}
		case checks.Unknown:
			if unknown == "" {
				unknown = text
			}
		}
	}
	switch {
	case failed > 1:
		return Fail, fmt.Sprintf("%s; and %d more", bad, failed-1)
	case failed == 1:
		return Fail, bad
	case unknown == "":
		return Pass, "no pod lacks a credential"
	}
	// The controller has pulled the manifests with the pods' own credentials.
	if i, none := f.images(readinessOld); none == "" {
		text := fmt.Sprintf("the controller reads with the pods' credentials on %s", f.instance())
		if refused := i.Unreadable - i.Untried; refused > 0 {
			return Fail, fmt.Sprintf("%s, but for %s", text, several(refused, "image", "images"))
		}
		if i.Unknown+i.Untried == 0 {
			return Pass, text + " whatever is there"
		}
	}
	return NobodyKnows, unknown
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}
