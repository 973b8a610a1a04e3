package readiness

import (
	"slices"
	"strings"
)

// A Finding is what is known of one image on one instance.
type Finding string

// The findings, from the best to the worst.
const (
	// Present: the instance has what runs, or would.
	Present Finding = "present"
	// Unknown: the instance has not answered yet.
	Unknown Finding = "unknown"
	// Stale: the tag leads to something else there.
	Stale Finding = "stale"
	// Unreadable: the instance refuses the pods' credentials, or strangers where those
	// aren't known.
	Unreadable Finding = "unreadable"
	// Missing: the instance doesn't have it.
	Missing Finding = "missing"
)

// Findings are all there are, from the best to the worst.
func Findings() []Finding { return []Finding{Present, Unknown, Stale, Unreadable, Missing} }

func worse(a, b Finding) Finding {
	if slices.Index(Findings(), a) > slices.Index(Findings(), b) {
		return a
	}
	return b
}

// An outcome is what an instance has said of an image to one [Puller].
type outcome uint8

const (
	unasked outcome = iota
	found
	missing
	// refused: no credential that the pods have does.
	refused
	// untried: strangers are refused, and what credentials the pods have isn't known.
	untried
)

// A sight is what decides on a Finding.
type sight struct {
	outcome outcome
	// named is the digest that the image is named by; empty where it is named by a tag.
	named string
	// digest is what the instance has told.
	digest string
	// running are the digests that pods run, as far as they tell.
	running []string
	// others are the digests on the other instances that have told one, primary that on
	// the primary; it is empty where that isn't known, and on the primary itself.
	others  []string
	primary string
}

// judge decides. Of a tag, equal is what pods run, or what all instances agree on: a tag
// that has moved everywhere since pods began is no difference between the instances.
func judge(s sight) Finding {
	switch s.outcome {
	case unasked:
		return Unknown
	case missing:
		return Missing
	case refused, untried:
		return Unreadable
	}
	agreed := len(s.others) > 0 && !slices.ContainsFunc(s.others, func(d string) bool { return d != s.digest })
	switch {
	case s.named != "" && !differs(s.named, s.digest), slices.Contains(s.running, s.digest), agreed:
		return Present
	case s.named == "" && len(s.running) == 0 && (s.primary == "" || s.primary == s.digest):
		return Present
	}
	return Stale
}

// differs tells whether two digests can't be of the same content: those of two algorithms can.
func differs(a, b string) bool {
	algorithm, _, _ := strings.Cut(a, ":")
	return a != b && strings.HasPrefix(b, algorithm+":")
}
