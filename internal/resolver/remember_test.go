package resolver_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/resolver"
)

// A start goes on with what is whole, and without what isn't.
func TestADamagedFileOfTheCacheIsPutAsideAndReportedOnce(t *testing.T) {
	const state = `{"version":1,"lastSwitch":"hangzhou"}`
	for file, value := range map[string]string{
		"switch/" + name:  "zhangjiakou",
		"records/" + name: `{"addresses":["10.2.0.99"]}`,
		"uninstall":       "true",
	} {
		t.Run(file, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "cache", file)
			prepare := func(cache *lastgood.Store) {
				must(t, cache.Save("state/"+name, []byte(state)))
				must(t, cache.Save(file, []byte(value)))
				must(t, os.WriteFile(path, []byte("damaged"), 0o600))
			}
			inBubbleAt(t, dir, prepare, func(b *bench) {
				b.configs <- example(t, "node: {hosts: Always}") // reads the cache again
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := b.log.count("is damaged"); got != 1 {
					t.Errorf("it was logged %d times: %q", got, b.log.text)
				}
				if aside, err := os.ReadFile(filepath.Join(filepath.Dir(path), ".damaged")); string(aside) != "damaged" {
					t.Errorf("put aside is %q, %v", aside, err)
				}
				if got := b.hosts(); got != block {
					t.Errorf("the record of the switch is not in force: the hosts file is %q", got)
				}
			})
		})
	}
}

// lookedUp is the time of a lookup in the file that the cache has of the endpoint.
func (b *bench) lookedUp() time.Time {
	b.t.Helper()
	data, err := lastgood.Open(filepath.Join(b.dir, "cache")).Load("records/" + name)
	must(b.t, err)
	var file struct{ LookedUp time.Time }
	must(b.t, json.Unmarshal(data, &file))
	return file.LookedUp
}

func TestAnswersAreAsOldAfterARestartAsTheyWereBefore(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
		must(t, cache.Save("switch/"+name, []byte("privatezone")))
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"],"lookedUp":"`+at+`"}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		time.Sleep(time.Minute) // nobody can be asked
		synctest.Wait()
		page := httptest.NewRecorder()
		b.resolver.ServeAnswers(page, nil)
		var all []resolver.Served
		must(t, json.Unmarshal(page.Body.Bytes(), &all))
		const want = 61 * 60
		if len(all) != 1 || all[0].From != "dns" || all[0].Age == nil || *all[0].Age != want {
			t.Errorf("it tells %s", page.Body)
		}
		age := float64(time.Now().Unix()) - b.metric("registry_failover_answer_looked_up_timestamp_seconds", name)
		if age != want {
			t.Errorf("by the metric it is %v s old", age)
		}
		if got := time.Since(b.lookedUp()); got != want*time.Second {
			t.Errorf("in the cache it is %s old", got)
		}
	})
}

func TestATimeFromBeforeTheClockWasSetBackIsNoNegativeAge(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		must(t, cache.Save("switch/"+name, []byte("privatezone")))
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"],"lookedUp":"`+at+`"}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		page := httptest.NewRecorder()
		b.resolver.ServeAnswers(page, nil)
		if !strings.Contains(page.Body.String(), `"age": 0,`) {
			t.Errorf("it tells %s", page.Body)
		}
	})
}
