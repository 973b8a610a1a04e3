package switchcorpus_test

import (
	"testing"
	"unicode/utf8"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/switchcorpus"
)

func TestTheCorpusHasGoodAndBadValues(t *testing.T) {
	c, err := config.Parse([]byte(switchcorpus.Config))
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, value := range switchcorpus.Values() {
		if !utf8.ValidString(value) {
			t.Errorf("%q is no UTF-8", value)
		}
		if _, err := c.Zones()[0].ParseSwitch(value); err == nil {
			good++
		} else {
			bad++
		}
	}
	t.Logf("%d good values, %d bad ones", good, bad)
	if good < 300 || bad < 600 {
		t.Errorf("%d good values and %d bad ones are too few to tell anything", good, bad)
	}
}
