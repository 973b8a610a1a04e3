package automatic

import (
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/inputs"
)

// losses are what becomes of what is remembered.
var losses = map[string]string{
	"it is deleted":                       "",
	"it is cut off":                       `{"version":1,"own":"to: ha`,
	"it is null":                          "null",
	"it is of a version two newer":        `{"version":3,"moved":{}}`,
	"it is longer than anybody writes it": `{"version":1,"own":"` + strings.Repeat("a", failover.MaxStateBytes) + `"}`,
}

// lose puts another text in place of what is remembered, or deletes the ConfigMap.
func (w *world) lose(text string) {
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	delete(w.api.maps, inputs.AutomaticName)
	if text != "" {
		w.api.put(inputs.AutomaticName, map[string]string{shared: text})
	}
}

// TestAMemoryThatIsLostDelaysByOneDwellTime has the primary fail afterwards, for the leader that
// has stored it and for the next one.
func TestAMemoryThatIsLostDelaysByOneDwellTime(t *testing.T) {
	for sentence, text := range losses {
		for who, next := range map[string]bool{"under a leader": false, "between two": true} {
			t.Run(sentence+" "+who, func(t *testing.T) {
				play(t, nil, func(w *world) {
					if next {
						w.first.end()
					}
					w.lose(text)
					if next {
						defer w.lead().end()
					}
					w.ill(shared, zhangjiakou)
					time.Sleep(9*time.Minute + 50*time.Second)
					if all := w.api.written(shared); len(all) > 0 {
						t.Errorf("it writes %q", all)
					}
					time.Sleep(20 * time.Second)
					if got := w.leads(shared); got != hangzhou {
						t.Errorf("it leads to %s\n%s", got, w.logged())
					}
					if s := w.remembers(shared); len(s.Moves) != 1 || s.Pending != nil || s.Own == "" {
						t.Errorf("%+v is remembered", s)
					}
				})
			})
		}
	}
}

// TestAMemoryThatIsLostOnTheWay is lost between what is stored and the write of the switch that
// follows: the value then counts as a person's, and is left alone.
func TestAMemoryThatIsLostOnTheWay(t *testing.T) {
	for sentence, text := range losses {
		t.Run(sentence, func(t *testing.T) {
			play(t, nil, func(w *world) {
				w.api.comesOut(nil, func(name, _ string) {
					if name == inputs.SwitchName {
						w.api.comesOut(nil, nil)
						w.lose(text)
					}
				})
				w.ill(shared, zhangjiakou)
				time.Sleep(soon)
				w.see(shared, zhangjiakou, "healthy", 3, 0)
				time.Sleep(time.Hour)
				w.ill(shared, hangzhou)
				time.Sleep(time.Hour)
				if all := w.api.written(shared); len(all) != 1 || w.leads(shared) != hangzhou {
					t.Errorf("it writes %q", all)
				}
				if s := w.status(shared); s.Hold != failover.SetByPerson || !s.Ill {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
