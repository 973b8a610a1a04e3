package chart

import (
	"strings"
	"testing"
)

func TestAutomaticModeNeedsProbers(t *testing.T) {
	const want = "\nprober.enabled: false: without probers nobody knows how the instances do, and config.failover.mode Automatic would never move anything: write true, or Manual for the mode"
	output, err := template(t, "--values="+example, "--set=prober.enabled=false,config.failover.mode=Automatic")
	if err == nil || !strings.Contains(output, want) {
		t.Errorf("%v\n%s", err, output)
	}
	for _, set := range []string{"prober.enabled=false,config.failover.mode=Manual", "config.failover.mode=Automatic"} {
		if output, err := template(t, "--values="+example, "--set="+set); err != nil {
			t.Errorf("%s: %s", set, output)
		}
	}
}

func TestAutomaticModeNeedsToKnowTheImagesThatItAsksFor(t *testing.T) {
	const want = "\nreadiness.enabled: false: nobody knows which images the instances have, and config.failover.mode Automatic would never move anything: write true, or 0 for config.failover.readyShare, or Manual for the mode"
	output, err := template(t, "--values="+example, "--set=readiness.enabled=false,config.failover.mode=Automatic")
	if err == nil || !strings.Contains(output, want) {
		t.Errorf("%v\n%s", err, output)
	}
	for _, set := range []string{"", ",config.failover.mode=Automatic,config.failover.readyShare=0"} {
		if output, err := template(t, "--values="+example, "--set=readiness.enabled=false"+set); err != nil {
			t.Errorf("%s: %s", set, output)
		}
	}
}
