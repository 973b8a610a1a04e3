package admission_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// TestLargeRequestsShareTheMemory holds four of the largest requests open,
// which leaves 4 MiB of 32.
func TestLargeRequestsShareTheMemory(t *testing.T) {
	text := wrap(head + whole)
	padded := func(length int) string { return text + strings.Repeat(" ", length-len(text)) }
	unknown := func(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) } // has no Content-Length
	for sentence, test := range map[string]struct {
		body io.Reader
		code int
		wait time.Duration
	}{
		"a small one needs no share":             {strings.NewReader(padded(64 << 10)), http.StatusOK, 0},
		"a large one that fits goes on":          {strings.NewReader(padded(4 << 20)), http.StatusOK, 0},
		"one that does not fit waits 1 s":        {strings.NewReader(padded(4<<20 + 1)), http.StatusServiceUnavailable, time.Second},
		"one of unknown length counts as 7 MiB":  {unknown(text), http.StatusServiceUnavailable, time.Second},
		"one that is too long counts as 7 MiB":   {strings.NewReader(padded(admission.MaxBodyBytes + 1)), http.StatusServiceUnavailable, time.Second},
		"one far too long does not wait forever": {strings.NewReader(padded(33 << 20)), http.StatusServiceUnavailable, time.Second},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWebhook(t, "")
				var open []*io.PipeWriter
				for range 4 {
					reader, writer := io.Pipe()
					open = append(open, writer)
					go w.post("/mutate", reader)
				}
				synctest.Wait()
				begin := time.Now()
				recorder := w.post("/mutate", test.body)
				compare(t, test.code, recorder.Code)
				compare(t, test.wait, time.Since(begin))
				if test.code != http.StatusOK {
					compare(t, "too many large requests at once: this one is not read\n", recorder.Body.String())
					compare(t, map[string]float64{"failed": 1}, w.requests(t))
				}
				for _, writer := range open {
					must(t, writer.Close())
				}
				synctest.Wait()
				if recorder := w.post("/mutate", unknown(text)); recorder.Code != http.StatusOK {
					t.Errorf("with the others gone: HTTP %d", recorder.Code)
				}
			})
		})
	}
}

func TestShareIsGivenBackWhateverHappens(t *testing.T) {
	w := newWebhook(t, "")
	for range 10 {
		for _, body := range []io.Reader{errReader{}, panicReader{}} {
			compare(t, http.StatusBadRequest, w.post("/mutate", body).Code)
		}
	}
}
