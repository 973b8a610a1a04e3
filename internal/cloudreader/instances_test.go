package cloudreader

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestADarkACRHoldsNothingUp has PrivateZone change with each reading, while ACR
// doesn't answer at all: from the start, or from later on.
func TestADarkACRHoldsNothingUp(t *testing.T) {
	for _, after := range []time.Duration{0, time.Minute} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				w := newWorld(t, s, fresh)
				if after > 0 {
					w.run(after)
				}
				var last time.Time
				asked := 0
				s.before = func() {
					s.zones[1] = bound("vpc-bbbbb", fmt.Sprintf("10.2.0.%d", s.reads%200+1))
					if wait := time.Since(last); !last.IsZero() && wait > 33*time.Second+instancePatience {
						t.Errorf("the zones were read after %s", wait)
					}
					last = time.Now()
				}
				s.dark = func() {
					asked++
					if got, want := w.zones()["vpc-bbbbb"].Addrs[0], s.zones[1].Records[0].Addr; got != want {
						t.Errorf("ACR is asked while %s is published instead of %s", got, want)
					}
				}
				w.run(time.Hour)
				if asked < 10 || asked > 14 {
					t.Errorf("ACR was asked %d times in an hour", asked)
				}
				if text, _ := w.stands(); after == 0 && strings.Count(text, `"code":"NotRead"`) != 2 {
					t.Errorf("the status is %s", text)
				}
			})
		})
	}
}

// TestAfterAFailureTheOthersHaveTheirTurn has many instances, none of which answers.
func TestAfterAFailureTheOthersHaveTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		s.dark = func() {}
		w := newWorld(t, s, fresh)
		c := w.example()
		for n := range 8 {
			another := c.Endpoints[0].Instances[0]
			another.Name, another.ID = fmt.Sprint("n", n), fmt.Sprint("cri-", n)
			c.Endpoints[0].Instances = append(c.Endpoints[0].Instances, another)
		}
		w.Configure(c)
		w.run(time.Second + instancePatience)
		text, _ := w.stands()
		if !strings.Contains(text, "instance hangzhou: ACR could not be read yet: context deadline exceeded") || strings.Count(text, errNotAsked.Error()) != 9 {
			t.Errorf("after the first: %s", text)
		}
		w.run(10 * time.Minute)
		if text, _ = w.stands(); strings.Contains(text, errNotAsked.Error()) {
			t.Errorf("after ten minutes: %s", text)
		}
	})
}

func TestAnInstanceWithoutAnIDIsNotAsked(t *testing.T) {
	w := newWorld(t, healthy(), fresh)
	if w.isDue(config.Instance{Name: "a", Region: "cn-hangzhou"}) || !w.isDue(config.Instance{ID: "cri-1", Region: "cn-hangzhou"}) {
		t.Error("an instance is asked for without its id, or not with it")
	}
}
