package cloud

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Cloud is the whole of it: an http.Handler of the RPC services, with the
// metadata service and the administration of faults as handlers of their own.
type Cloud struct {
	mu       sync.Mutex
	data     Data
	sessions map[string]*session // by their AccessKey ids
	nonces   map[string]time.Time
	faults   []*Fault
	calls    []Call
	skew     time.Duration
	lifetime time.Duration
	keepIDs  bool
	serial   int64
}

// A session is a temporary AccessKey.
type session struct {
	key, token string
	expires    time.Time
	denied     []string
}

// A Call is one that reached the cloud, whatever became of it.
type Call struct {
	Action string            `json:"action"`
	Code   string            `json:"code"` // of the error, empty when it succeeded
	Query  map[string]string `json:"query"`
}

// New returns a cloud that holds the data.
func New(data Data) *Cloud {
	c := &Cloud{sessions: map[string]*session{}, nonces: map[string]time.Time{}, lifetime: time.Hour, serial: 1000}
	c.SetData(data)
	return c
}

// SetData replaces all zones, instances, keys and roles. Sessions stay.
func (c *Cloud) SetData(data Data) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data.Zones, data.Instances = slices.Clone(data.Zones), slices.Clone(data.Instances)
	for i := range data.Zones {
		z := &data.Zones[i]
		z.Type = cmp.Or(z.Type, "AUTH_ZONE")
		z.Records = slices.Clone(z.Records)
		for j := range z.Records {
			r := &z.Records[j]
			if r.ID == 0 {
				r.ID = c.next()
			}
			r.Status, r.Line = cmp.Or(r.Status, "ENABLE"), cmp.Or(r.Line, "default")
			r.TTL, r.Weight = cmp.Or(r.TTL, 60), cmp.Or(r.Weight, 1)
		}
	}
	c.data = data
}

// Calls returns the calls so far.
func (c *Cloud) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// SetSkew sets the cloud's clock ahead of everybody else's, or behind.
func (c *Cloud) SetSkew(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = skew
}

// SetLifetime says how long sessions live that are issued from now on.
func (c *Cloud) SetLifetime(lifetime time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lifetime = lifetime
}

// ExpireSessions ends all sessions that have been issued.
func (c *Cloud) ExpireSessions() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sessions {
		s.expires = time.Time{}
	}
}

func (c *Cloud) now() time.Time { return time.Now().Add(c.skew) }

// next numbers records, requests and sessions. It is called with mu held.
func (c *Cloud) next() int64 {
	c.serial++
	return c.serial
}

func (c *Cloud) requestID() string {
	// The form is that of a UUID; scripts that look for one find it.
	n := strconv.FormatInt(c.next(), 16)
	return "1B21A877-66A2-4095-90EB-" + "000000000000"[len(n):] + n
}

// issue makes a session for a role. It is called with mu held.
func (c *Cloud) issue(role Role) (id string, s *session) {
	n := strconv.FormatInt(c.next(), 10)
	// The prefix is how ids of temporary keys begin.
	id = "STS.fake" + n
	s = &session{key: "session-key-" + n, token: "session+token/" + n + "==", expires: c.now().Add(c.lifetime), denied: role.Denied}
	c.sessions[id] = s
	return id, s
}
