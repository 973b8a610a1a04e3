package cloud

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Admin serves what a person or a script does to the cloud. It isn't protected:
// let it listen where nobody else can reach it.
//
//	GET    /calls             the calls so far, as JSON
//	POST   /faults            a Fault as JSON, added to those that are there
//	DELETE /faults            ends all faults
//	PUT    /data              Data as YAML, instead of what is there
//	POST   /skew?by=20m       sets the cloud's clock ahead
//	POST   /sessions/expire   ends all sessions that were issued
func (c *Cloud) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(c.Calls())
	})
	mux.HandleFunc("POST /faults", handle(func(r *http.Request) error {
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		var f Fault
		if err := decoder.Decode(&f); err != nil {
			return fmt.Errorf("could not read the fault: %w", err)
		}
		c.Inject(f)
		return nil
	}))
	mux.HandleFunc("DELETE /faults", handle(func(*http.Request) error { c.Heal(); return nil }))
	mux.HandleFunc("PUT /data", handle(func(r *http.Request) error {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		data, err := ParseData(text)
		if err == nil {
			c.SetData(data)
		}
		return err
	}))
	mux.HandleFunc("POST /skew", handle(func(r *http.Request) error {
		by, err := time.ParseDuration(r.URL.Query().Get("by"))
		if err == nil {
			c.SetSkew(by)
		}
		return err
	}))
	mux.HandleFunc("POST /sessions/expire", handle(func(*http.Request) error { c.ExpireSessions(); return nil }))
	return mux
}

// handle answers 204, or 400 with the sentence of the error.
func handle(do func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}
