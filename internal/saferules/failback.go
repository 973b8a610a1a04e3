package saferules

import (
	"fmt"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/cloudreader"
)

func zoneTarget(f Facts) (Outcome, string) {
	z := f.Told.Zone
	switch {
	case f.Told.Unknown != "":
		return NobodyKnows, f.Told.Unknown
	case z == nil || z.ReadAt.IsZero():
		return NobodyKnows, "the controller has not read PrivateZone yet"
	case f.Now.Sub(z.ReadAt) > cloudreader.Old:
		return NobodyKnows, "PrivateZone was read at " + z.ReadAt.UTC().Format(time.RFC3339) + ", which is long ago"
	case z.Target == "":
		return Fail, "PrivateZone leads to no instance that is known"
	case z.Target != f.Primary:
		return Fail, fmt.Sprintf("PrivateZone leads to %s, and not to the primary %s", z.Target, f.Primary)
	}
	return Pass, "PrivateZone leads to the primary " + f.Primary
}

func imagesOnPrimary(f Facts) (Outcome, string) {
	i, unknown := f.images(failbackOld)
	if unknown != "" {
		return NobodyKnows, unknown
	}
	var lacks []string
	for _, count := range []struct {
		n    int
		text string
	}{{i.Missing, "missing"}, {i.Stale, "of another digest"}} {
		if count.n > 0 {
			lacks = append(lacks, fmt.Sprintf("%d %s", count.n, count.text))
		}
	}
	of := several(f.Told.Readiness.Images, "image", "images")
	switch open := i.Unreadable + i.Unknown; {
	case len(lacks) > 0:
		return Fail, fmt.Sprintf("of %s on %s are %s", of, f.Primary, strings.Join(lacks, " and "))
	case open > 0:
		return NobodyKnows, fmt.Sprintf("of %s on %s it isn't known of %d%s", of, f.Primary, open, i.untried())
	}
	return Pass, fmt.Sprintf("%s on %s are there, with the same digests", of, f.Primary)
}
