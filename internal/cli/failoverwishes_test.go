package cli

import (
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestAWaveIsLookedAtForAsLongAsAFaultTakesToShow(t *testing.T) {
	h := config.Default().Health
	if got := wavePause(h); got != 30*time.Second {
		t.Errorf("with default settings %s", got)
	}
	h.Interval.Duration, h.Timeout.Duration, h.Failures = time.Minute, 10*time.Second, 5
	if got := wavePause(h); got != 5*time.Minute+55*time.Second {
		t.Errorf("with slow probes %s", got)
	}
	h.Interval.Duration, h.Slow.Duration = 5*time.Second, time.Minute
	if got := wavePause(h); got != 5*time.Minute+55*time.Second {
		t.Errorf("with answers that may take a minute %s", got)
	}
}
