package main

import (
	"errors"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// life is how long the cloud lets sessions live here. A program renews them at half
// of it, but not before they are 10 s old.
const life = 40 * time.Second

// TestSessionsOfRRSA has the real program call STS at its own address.
func TestSessionsOfRRSA(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.write("token", "demo-oidc-token")
	s := sessions{
		region: r, credentials: rrsaRole, env: []string{"ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + r.path("token")},
		broken: "sts AssumeRoleWithOIDC failed: InternalError",
		away:   func() { r.Inject(cloud.Fault{Action: "AssumeRoleWithOIDC", Code: "InternalError", Status: 500}) },
		back:   r.Heal,
		asked: func() (n int) {
			for _, c := range r.Calls() {
				if c.Action == "AssumeRoleWithOIDC" {
					n++
				}
			}
			return n
		},
	}
	s.play(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.reached)
	if diff := cmp.Diff(services, slices.Compact(r.reached)); diff != "" {
		t.Errorf("it called at (-want +got)\n%s", diff)
	}
}

// TestSessionsOfAnECSInstance gives the program a network in which the metadata
// service is where each ECS instance finds it.
func TestSessionsOfAnECSInstance(t *testing.T) {
	t.Parallel()
	inNamespace(t, func(t *testing.T) {
		r := newRegion(t)
		var away atomic.Bool
		var asked atomic.Int64
		service := r.Metadata()
		serve(t, "100.100.100.200:80", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if request.Method == http.MethodPut {
				asked.Add(1)
			}
			if away.Load() {
				http.Error(w, "away", http.StatusServiceUnavailable)
				return
			}
			service.ServeHTTP(w, request)
		}))
		s := sessions{
			region: r, credentials: "{provider: ECSRAMRole}", broken: "metadata /latest/api/token failed: HTTP status 503 without an error code",
			away: func() { away.Store(true) }, back: func() { away.Store(false) }, asked: func() int { return int(asked.Load()) },
		}
		s.play(t)
	})
}

type sessions struct {
	*region
	credentials string
	env         []string
	away, back  func()
	asked       func() int // how often a session was asked for
	broken      string     // the error while it is away
}

// play has a session renewed at half of its life, the old one used while there is
// no other, and its end told. It waits for what it sees: a busy machine is slow.
func (s sessions) play(t *testing.T) {
	s.SetLifetime(life)
	begun := time.Now()
	s.start(s.credentials, s.env...)
	s.await("PrivateZone is read", life, func() bool { return s.told().Target == "zhangjiakou" })
	first := s.lastKey()
	s.reread("it has a new session", func() bool { return s.lastKey() != first })
	second := s.lastKey()
	if took := time.Since(begun); took < life/2 || s.asked() != 2 {
		t.Errorf("%d sessions were asked for in %v, want another at half of the life, %v", s.asked(), took, life/2)
	}

	s.away()
	asked := s.asked()
	s.reread("it asks for another session in vain", func() bool { return s.asked() > asked })
	from := len(s.Calls())
	s.reread("it reads with the session that it has", func() bool { return s.signed(from, second) > 4 })
	if !strings.Contains(s.logs.String(), "cloud credentials could not be renewed") || strings.Contains(s.logs.String(), "PrivateZone can't be read") {
		t.Error("the log should say that there is no new session, and no more")
	}
	// It may be told by the clock that the session has ended, or by the cloud.
	s.reread("it tells that there is no session", func() bool { return strings.Contains(s.told().Error, s.broken) })

	s.back()
	s.reread("it reads again", func() bool { return strings.Contains(s.logs.String(), "PrivateZone is read and published again") })
}

// reread has the program read every few seconds, as its budget of calls allows,
// until it has done what is waited for.
func (s sessions) reread(what string, done func() bool) {
	s.t.Helper()
	var last time.Time
	s.await(what, 2*life, func() bool {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			s.configure(s.credentials)
		}
		return done()
	})
}

// lastKey is what the last call to a service was signed with.
func (s sessions) lastKey() string {
	for _, c := range slices.Backward(s.Calls()) {
		if key := c.Query["AccessKeyId"]; key != "" {
			return key
		}
	}
	return ""
}

// inNamespace runs what listens and starts programs in a network of its own, whose
// loopback device has the metadata service's address, too.
func inNamespace(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and the namespace with it
		err := errors.Join(unix.Unshare(unix.CLONE_NEWNET), device("lo", nil), device("lo:1", []byte{100, 100, 100, 200}))
		defer func() { done <- err }() // also after t.FailNow
		if err == nil {
			do(t)
		}
	}()
	if err := <-done; err != nil {
		const why = "only root with its capabilities can have a network of its own: %v"
		if os.Getenv("CI") != "" {
			t.Fatalf(why, err)
		}
		t.Skipf(why, err)
	}
}

// device gives the loopback device a further address, or takes it into use.
func device(name string, address []byte) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if address == nil {
		request.SetUint16(unix.IFF_UP)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err := request.SetInet4Addr(address); err != nil {
		return err
	}
	return unix.IoctlIfreq(fd, unix.SIOCSIFADDR, request)
}
