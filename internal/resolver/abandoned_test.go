package resolver

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// leadingTo has one endpoint that leads to a target at addresses.
func leadingTo(target string, addrs ...string) map[string]lead {
	l := lead{target: target}
	for _, addr := range addrs {
		l.addrs = append(l.addrs, netip.MustParseAddr(addr))
	}
	return map[string]lead{"cross-region.registry.io": l}
}

func (a *abandoned) expect(t *testing.T, now time.Time, want ...string) {
	t.Helper()
	var got []string
	for _, addr := range a.due(now) {
		got = append(got, addr.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("due are %q, want %q", got, want)
	}
}

// A load balancer's name gives other addresses every minute, and a pull may have
// begun when it gave those before.
func TestASwitchAbandonsWhatItsTargetHadBefore(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	var a abandoned
	a.follow(leadingTo("zhangjiakou/public", "203.0.113.1"), now)
	now = now.Add(rememberFor)
	a.follow(leadingTo("zhangjiakou/public", "203.0.113.2", "203.0.113.9"), now)
	now = now.Add(time.Minute)
	a.follow(leadingTo("zhangjiakou/public", "203.0.113.3"), now)
	a.expect(t, now) // nobody has switched
	now = now.Add(time.Minute)
	a.follow(leadingTo("hangzhou/public", "203.0.113.9"), now)
	a.expect(t, now, "203.0.113.2", "203.0.113.3") // 1 is of long ago, 9 is wanted
	now = now.Add(time.Minute)
	a.due(now)
	a.follow(leadingTo("hangzhou/public", "203.0.113.8"), now)
	a.follow(leadingTo("zhangjiakou/public", "203.0.113.3"), now)
	a.expect(t, now, "203.0.113.8", "203.0.113.9") // and nothing of the first target
}

func TestWhatATargetHadIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	var a abandoned
	addr := netip.MustParseAddr("2001:db8::1")
	for range 3 * rememberMost {
		a.follow(map[string]lead{"cross-region.registry.io": {"hangzhou/public", []netip.Addr{addr}}}, now)
		addr = addr.Next()
	}
	a.follow(leadingTo("zhangjiakou/public", "203.0.113.3"), now)
	if got := a.due(now); len(got) == 0 || len(got) > rememberMost+1 {
		t.Errorf("%d are due", len(got))
	}
}
