package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// A fault is what goes wrong with the primary, and what three probers find together.
type fault struct {
	what  string
	begin func(t *testing.T, primary *cluster.Instance) (end func())
	want  finding
}

// A finding has the levels over the internal and the public network of the primary and,
// unless it is healthy, of the standby; and what is part of their reasons.
type finding struct {
	primary, standby string
	reasons          []string
}

const bothHealthy = "healthy, healthy"

var allHealthy = finding{primary: bothHealthy, reasons: []string{"answers as itself"}}

// faults are in the order in which they are played.
func faults() []fault {
	return []fault{
		{
			"refuses connections", func(t *testing.T, primary *cluster.Instance) func() {
				must(t, primary.Close())
				return func() { must(t, primary.Start(t.Context())) }
			},
			finding{primary: "unreachable, unreachable", reasons: []string{"can't be connected to: connection refused"}},
		},
		{
			"gets no packets", dropAllPackets,
			finding{primary: "unreachable, unreachable", reasons: []string{"can't be connected to: nothing came in time"}},
		},
		{
			"gets no packets in the VPC alone", func(t *testing.T, primary *cluster.Instance) func() {
				return dropPackets(t, netip.AddrPortFrom(primary.Internal, 443))
			},
			finding{primary: "unreachable, healthy", reasons: []string{"can't be connected to: nothing came in time"}},
		},
		{
			"takes 10 s to answer", answering(challenge("cri-bbbbb", node.Zhangjiakou.PublicEndpoint, 10*time.Second)),
			finding{primary: "slow, slow", reasons: []string{"has not answered within 2s"}},
		},
		{
			"answers as another instance", answering(challenge("cri-aaaaa", node.Zhangjiakou.PublicEndpoint, 0)),
			finding{primary: "wrong-identity, wrong-identity", reasons: []string{"answers as cri-aaaaa, which is hangzhou"}},
		},
		{
			"is half dead: only its token service answers", answering(broken(node.Zhangjiakou, "/v2/", http.StatusServiceUnavailable)),
			finding{primary: "failing, failing", reasons: []string{"doesn't answer as a registry does: it says 503 Service Unavailable"}},
		},
		{
			// Both are asked with every second probe at most while they are well, so they are waited for together.
			"is half dead: all but its token service answers; the standby: manifests are cut off", func(_ *testing.T, primary *cluster.Instance) func() {
				primary.Intercept(broken(primary, tokenPath, http.StatusBadGateway))
				node.Hangzhou.Intercept(cutOff(node.Hangzhou, "/v2/demo/"))
				return func() { primary.Intercept(well(primary)); node.Hangzhou.Intercept(well(node.Hangzhou)) }
			},
			finding{
				"failing, failing", "failing, failing",
				[]string{"its token service " + node.Zhangjiakou.PublicEndpoint + ": it says 502 Bad Gateway", "the canary manifest: what comes has another digest"},
			},
		},
	}
}

// tokenPath is where the challenges send for tokens.
const tokenPath = "/auth"

// dropAllPackets loses what is sent to the instance, over both networks.
func dropAllPackets(t *testing.T, primary *cluster.Instance) func() {
	internal := dropPackets(t, netip.AddrPortFrom(primary.Internal, 443))
	public := dropPackets(t, netip.AddrPortFrom(primary.Public, 443))
	return func() { internal(); public() }
}

// answering lets the primary answer so until the end.
func answering(with func(http.ResponseWriter, *http.Request) bool) func(*testing.T, *cluster.Instance) func() {
	return func(_ *testing.T, primary *cluster.Instance) func() {
		primary.Intercept(with)
		return func() { primary.Intercept(well(primary)) }
	}
}

// well answers as the instance itself does.
func well(i *cluster.Instance) func(http.ResponseWriter, *http.Request) bool {
	id := "cri-aaaaa"
	if i == node.Zhangjiakou {
		id = "cri-bbbbb"
	}
	return challenge(id, i.PublicEndpoint, 0)
}

// broken does too, but for what begins with path, where it answers with an error.
func broken(i *cluster.Instance, path string, status int) func(http.ResponseWriter, *http.Request) bool {
	otherwise := well(i)
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, path) {
			return otherwise(w, r)
		}
		w.WriteHeader(status)
		return true
	}
}

// faultTimes is how often each fault is played.
var faultTimes = flag.Int("faults", 1, "play each fault of an instance so many times, and show median and worst")

// cutOff answers as the instance does, but what begins with path comes without its end.
func cutOff(i *cluster.Instance, path string) func(http.ResponseWriter, *http.Request) bool {
	otherwise := well(i)
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, path) {
			return otherwise(w, r)
		}
		_, _ = io.WriteString(w, `{"schemaVersion":2,"layers":[`)
		return true
	}
}

// playFaults has the primary fail in each way, and recover.
func (s *scenario) playFaults(t *testing.T) {
	for _, f := range faults() {
		s.play(t, "the primary "+f.what, func(_ *scenario, t *testing.T) {
			var found, over []time.Duration
			for range *faultTimes {
				begin := time.Now()
				end := f.begin(t, node.Zhangjiakou)
				agree := awaitFinding(t, f.want)
				found = append(found, time.Since(begin))
				t.Logf("found %.1f s after it began, by %s", time.Since(begin).Seconds(), agree)
				begin = time.Now()
				end()
				agree = awaitFinding(t, allHealthy)
				over = append(over, time.Since(begin))
				t.Logf("over %.1f s after it ended, by %s", time.Since(begin).Seconds(), agree)
			}
			slices.Sort(found)
			slices.Sort(over)
			t.Logf("of %d: found after %.1f s, %.1f s at worst; over after %.1f s, %.1f s at worst", len(found),
				median(found).Seconds(), slices.Max(found).Seconds(), median(over).Seconds(), slices.Max(over).Seconds())
		})
	}
	s.play(t, "a node that is cut off from the primary changes nothing, and two do", (*scenario).cutOffNodes)
}

// awaitFinding waits until this is found, and tells how many agree.
func awaitFinding(t *testing.T, want finding) (agree string) {
	t.Helper()
	if want.standby == "" {
		want.standby = bothHealthy
	}
	await(t, fmt.Sprintf("they find %+v", want), 90*time.Second, func(ctx context.Context) error {
		s, err := foundHealth(ctx)
		if err != nil {
			return err
		}
		var levels, reasons []string
		var agreeing []int
		for _, i := range s.Instances {
			levels, reasons, agreeing = append(levels, string(i.Level)), append(reasons, i.Reason), append(agreeing, i.Agree)
		}
		right := strings.Join(levels, ", ") == want.standby+", "+want.primary
		for _, reason := range want.reasons {
			right = right && strings.Contains(strings.Join(reasons, ", "), reason)
		}
		if !right {
			return fmt.Errorf("they find %s, because %q", levels, reasons)
		}
		agree = fmt.Sprintf("%d of %d probers", slices.Min(agreeing), s.Fresh)
		return nil
	})
	return agree
}

// foundHealth is what the controller has published: of hangzhou and then of
// zhangjiakou, internal before public.
func foundHealth(ctx context.Context) (healthquorum.Status, error) {
	m, err := node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "registry-failover-status", metav1.GetOptions{})
	if err != nil {
		return healthquorum.Status{}, err
	}
	var published struct{ Health healthquorum.Status }
	if text := m.Data[cluster.Endpoint]; text != "" {
		err = json.Unmarshal([]byte(text), &published)
	}
	if err == nil && len(published.Health.Instances) != 4 {
		err = fmt.Errorf("%d instances are told of", len(published.Health.Instances))
	}
	return published.Health, err
}

// reportedOn are the levels that the prober on a node reports of the primary.
func reportedOn(ctx context.Context, n *cluster.Node) (string, error) {
	leases, err := node.Client.CoordinationV1().Leases(namespace).List(ctx, metav1.ListOptions{LabelSelector: healthreport.Selector})
	if err != nil {
		return "", err
	}
	for _, l := range leases.Items {
		if l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity != n.Name {
			continue
		}
		r, err := healthreport.Parse(l.Annotations)
		if err != nil {
			return "", err
		}
		var levels []string
		for _, i := range r.Instances {
			if i.Instance == node.Zhangjiakou.Name {
				levels = append(levels, string(i.Level))
			}
		}
		return strings.Join(levels, ", "), nil
	}
	return "", errors.New("no prober on " + n.Name + " has a report")
}

// cutOffNodes loses the primary's packets on one node, and then on another too.
func (s *scenario) cutOffNodes(t *testing.T) {
	cutOff := func(n *cluster.Node) (restore func()) {
		internal := dropPacketsOn(t, n, netip.AddrPortFrom(node.Zhangjiakou.Internal, 443))
		public := dropPacketsOn(t, n, netip.AddrPortFrom(node.Zhangjiakou.Public, 443))
		return func() { internal(); public() }
	}
	before, err := foundHealth(t.Context())
	must(t, err)
	stands := func(ctx context.Context) error {
		now, err := foundHealth(ctx)
		if err != nil {
			return err
		}
		for n, i := range now.Instances {
			if i.Level != healthreport.Healthy || !i.Since.Equal(before.Instances[n].Since) {
				return fmt.Errorf("%+v", i)
			}
		}
		return nil
	}
	begin := time.Now()
	defer cutOff(node.Nodes[1])()
	await(t, "its prober reports it", 30*time.Second, func(ctx context.Context) error {
		must(t, stands(ctx))
		got, err := reportedOn(ctx, node.Nodes[1])
		if err == nil && got != "unreachable, unreachable" {
			err = fmt.Errorf("it reports %s", got)
		}
		return err
	})
	t.Logf("reported by one prober %.1f s after it began", time.Since(begin).Seconds())
	holds(t, "the primary stays healthy since when it was", 5*time.Second, stands)
	await(t, "two of three agree", 10*time.Second, func(ctx context.Context) error {
		must(t, stands(ctx))
		now, err := foundHealth(ctx)
		if err == nil && (now.Instances[2].Agree != 2 || now.Instances[3].Agree != 2) {
			err = fmt.Errorf("%+v", now)
		}
		return err
	})
	begin = time.Now()
	restore := cutOff(node.Nodes[2])
	agree := awaitFinding(t, finding{primary: "unreachable, unreachable", reasons: []string{"nothing came in time"}})
	t.Logf("found %.1f s after the second node was cut off, by %s", time.Since(begin).Seconds(), agree)
	restore()
	awaitFinding(t, allHealthy)
}

// awaitProbers waits until so many probers are wanted, and all have reported.
func awaitProbers(t *testing.T, count int) {
	t.Helper()
	await(t, fmt.Sprintf("%d probers report", count), 2*time.Minute, func(ctx context.Context) error {
		s, err := foundHealth(ctx)
		if err == nil && (s.Wanted != count || s.Fresh != count) {
			err = fmt.Errorf("%d of %d do", s.Fresh, s.Wanted)
		}
		return err
	})
}

// webDigest is that of the workload's image, as the primary has it.
func webDigest(t *testing.T) string {
	t.Helper()
	ref, err := name.ParseReference(sharedImage)
	must(t, err)
	transport := node.Authority.Transport(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", node.Zhangjiakou.Addr())
	})
	defer transport.CloseIdleConnections()
	d, err := remote.Head(ref, remote.WithContext(t.Context()), remote.WithTransport(transport))
	must(t, err)
	return d.Digest.String()
}
