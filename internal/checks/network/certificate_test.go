package network

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
)

func TestHowSoonACertificateEnds(t *testing.T) {
	const oneDay = 24 * time.Hour
	for sentence, test := range map[string]struct {
		left    time.Duration
		problem error
		want    checks.Level
		stops   bool
	}{
		"in a year":        {365 * oneDay, nil, checks.OK, false},
		"in 30 days":       {30 * oneDay, nil, checks.OK, false},
		"in less than 30":  {30*oneDay - time.Second, nil, checks.Warning, false},
		"in 7 days":        {7 * oneDay, nil, checks.Warning, false},
		"in less than 7":   {7*oneDay - time.Second, nil, checks.Failed, false},
		"yesterday":        {-oneDay, fmt.Errorf("%w: yesterday", health.ErrExpired), checks.Failed, true},
		"before it begins": {90 * oneDay, fmt.Errorf("%w: tomorrow", health.ErrNotYetValid), checks.Failed, true},
		"with a wrong name, which another check tells": {90 * oneDay, fmt.Errorf("%w: a.io", health.ErrWrongName), checks.OK, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &health.Certificate{Expires: time.Now().Add(test.left)}
				if test.problem != nil {
					c.Problems = []error{test.problem}
				}
				s := &survey{endpoints: []*endpoint{{own: &way{result: health.Result{Certificate: c}}}}}
				found := s.certificateExpiry(t.Context())
				if len(found) != 1 || found[0].Level != test.want || found[0].breaks != test.stops {
					t.Errorf("found %+v", found)
				}
				if found[0].Level != checks.OK && found[0].Remedy == "" {
					t.Error("it has no remedy")
				}
			})
		})
	}
}
