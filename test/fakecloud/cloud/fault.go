package cloud

import (
	"net/http"
	"strconv"
)

// A Fault is what goes wrong with calls of an action.
type Fault struct {
	// Action is whose calls go wrong, all when it is empty.
	Action string `json:"action,omitempty"`
	// Skip lets so many calls pass first; Times ends the fault after so many, 0 never.
	Skip  int `json:"skip,omitempty"`
	Times int `json:"times,omitempty"`

	// Code refuses the call, with the message and the HTTP status, 400 where it is 0.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status,omitempty"`
	// Unsuccessful answers with Code, IsSuccess false and HTTP 200, as ACR may.
	Unsuccessful bool `json:"unsuccessful,omitempty"`

	// Short leaves so many items out of a page; More adds to the total that it tells.
	Short int `json:"short,omitempty"`
	More  int `json:"more,omitempty"`
	// Repeat lets a page hold its first item twice.
	Repeat bool `json:"repeat,omitempty"`

	// DelaySeconds holds the answer back.
	DelaySeconds float64 `json:"delaySeconds,omitempty"`
	// Body is sent instead of the answer.
	Body string `json:"body,omitempty"`
	// Redirect leads to another address.
	Redirect string `json:"redirect,omitempty"`
	// Cut ends the connection in the middle of the answer; Drop before it.
	Cut  bool `json:"cut,omitempty"`
	Drop bool `json:"drop,omitempty"`
}

// Inject adds a fault. Of several for one action, the oldest that isn't over counts.
func (c *Cloud) Inject(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, &f)
}

// Heal ends all faults.
func (c *Cloud) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = nil
}

// fault takes one call's part of the faults. It is called with mu held.
func (c *Cloud) fault(action string) Fault {
	for i, f := range c.faults {
		if f.Action != "" && f.Action != action {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			return Fault{}
		}
		taken := *f
		if f.Times == 1 {
			c.faults = append(c.faults[:i:i], c.faults[i+1:]...)
		} else if f.Times > 1 {
			f.Times--
		}
		return taken
	}
	return Fault{}
}

func (f Fault) status() int {
	if f.Status == 0 {
		return http.StatusBadRequest
	}
	return f.Status
}

func (f Fault) message() string {
	if f.Message == "" {
		return "Request was denied due to " + f.Code + "."
	}
	return f.Message
}

// spoil changes a page.
func (f Fault) spoil(content answer) {
	for _, name := range []string{"SyncRules", "Namespaces", "Repositories"} {
		items, ok := content[name].([]answer)
		if !ok {
			continue
		}
		content[name] = f.spoilItems(items)
		if text, ok := content["TotalCount"].(string); ok {
			n, _ := strconv.Atoi(text) // it was made here
			content["TotalCount"] = strconv.Itoa(n + f.More)
		} else {
			content["TotalCount"] = content["TotalCount"].(int) + f.More
		}
	}
	for _, list := range []struct{ outer, inner string }{{"Zones", "Zone"}, {"Records", "Record"}} {
		outer, ok := content[list.outer].(answer)
		if !ok {
			continue
		}
		outer[list.inner] = f.spoilItems(outer[list.inner].([]answer))
		content["TotalItems"] = content["TotalItems"].(int) + f.More
	}
}

func (f Fault) spoilItems(items []answer) []answer {
	items = items[:max(0, len(items)-f.Short)]
	if f.Repeat && len(items) > 1 {
		items[1] = items[0]
	}
	return items
}

// write sends the answer, or what the fault makes of it.
func (f Fault) write(w http.ResponseWriter, status int, body []byte) {
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Redirect != "" {
		w.Header().Set("Location", f.Redirect)
		status = http.StatusTemporaryRedirect
	}
	if f.Body != "" {
		body = []byte(f.Body)
		if f.Status != 0 {
			status = f.Status
		}
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if f.Cut {
		_, _ = w.Write(body[:len(body)/2])
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // whoever went away doesn't want it
}
