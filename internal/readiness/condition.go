package readiness

import (
	"fmt"
	"strings"
	"time"
)

// StandbyReady is the type of the condition that tells whether the cluster's pods could
// start after a failover: on every instance but the primary.
const StandbyReady = "StandbyReady"

// The reasons of the condition.
const (
	// AllReady goes with True.
	AllReady = "AllReady"
	// PodsBlocked goes with False: some pods could not start.
	PodsBlocked = "PodsBlocked"
	// TooFewImages goes with False: failover.readyShare isn't reached.
	TooFewImages = "TooFewImages"
	// NotLookedUp goes with Unknown: too many images are unknown.
	NotLookedUp = "NotLookedUp"
	// CredentialsNotKnown goes with Unknown: too many images want a credential, and
	// those of the pods aren't known here.
	CredentialsNotKnown = "CredentialsNotKnown"
)

// A Condition is as Kubernetes' own objects have them.
type Condition struct {
	Type string `json:"type"`
	// Status is True, False or Unknown.
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// LastTransitionTime is when the status became what it is.
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// Condition tells what the counts mean for a failover to any instance but the primary.
// Ready is the share of images that is enough.
func (s Status) Condition(primary string, ready float64) Condition {
	worst := Condition{Type: StandbyReady, Status: "True", Reason: AllReady, Message: "every standby has all images"}
	rank := map[string]int{"True": 0, "Unknown": 1, "False": 2}
	var messages []string
	for _, i := range s.Instances {
		if i.Instance == primary {
			continue
		}
		c := i.condition(s.Images, ready)
		if i.Present < s.Images {
			messages = append(messages, c.Message)
		}
		if rank[c.Status] > rank[worst.Status] {
			worst.Status, worst.Reason = c.Status, c.Reason
		}
	}
	if len(messages) > 0 {
		worst.Message = strings.Join(messages, "; ")
	}
	return worst
}

func (i InstanceStatus) condition(images int, ready float64) Condition {
	is := func(status, reason string) Condition {
		return Condition{Status: status, Reason: reason, Message: i.Sentence(images)}
	}
	notKnown := i.Unknown + i.Untried
	most := float64(i.Present+notKnown) / float64(max(images, 1)) // if all that isn't known is present
	switch {
	case i.PodsBlocked > 0:
		return is("False", PodsBlocked)
	case images > 0 && most < ready:
		return is("False", TooFewImages)
	case i.Share < ready && i.Untried > i.Unknown:
		return is("Unknown", CredentialsNotKnown)
	case i.Share < ready:
		return is("Unknown", NotLookedUp)
	}
	return is("True", AllReady)
}

// Sentence says for people what an instance lacks of so many images.
func (i InstanceStatus) Sentence(images int) string {
	var parts []string
	if lacks := i.Missing + i.Unreadable - i.Untried; lacks > 0 {
		part := fmt.Sprintf("lacks %d of %s", lacks, several(images, "image", "images"))
		if refused := i.Unreadable - i.Untried; refused > 0 {
			part += fmt.Sprintf(" (%d for want of a credential)", refused)
		}
		if i.PodsBlocked > 0 {
			part += fmt.Sprintf(": %s could not start", several(i.PodsBlocked, "pod", "pods"))
		}
		parts = append(parts, part)
	}
	if i.Stale > 0 {
		parts = append(parts, fmt.Sprintf("has another image for %s", several(i.Stale, "tag", "tags")))
	}
	if i.Untried > 0 {
		parts = append(parts, fmt.Sprintf("wants a credential for %d of %s, and it isn't known here which the pods have", i.Untried, several(images, "image", "images")))
	}
	if i.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("has not told yet of %d of %s", i.Unknown, several(images, "image", "images")))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("%s has all of %s", i.Instance, several(images, "image", "images"))
	}
	return i.Instance + " " + strings.Join(parts, ", ")
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// settle is how long something must have been wrong for the condition to say so: an image
// that was just pushed needs a moment to reach the standby.
const settle = 5 * time.Minute

// next gives the condition that is told after the one before. What is wrong now, and
// since when, is in since; a status of the first look counts at once.
func (c Condition) next(judged Condition, since, now time.Time) Condition {
	switch {
	case c.Status == judged.Status:
		judged.LastTransitionTime = c.LastTransitionTime
		return judged
	case c.Status == "True" && now.Sub(since) < settle:
		return c
	}
	judged.LastTransitionTime = now
	return judged
}
