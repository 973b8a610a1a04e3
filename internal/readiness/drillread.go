package readiness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/internal/registryread"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// drillPatience is how long a drill may take.
	drillPatience = 5 * time.Minute
	// drillBytes are read of a layer at most: enough to see how fast it comes.
	drillBytes = 8 << 20
)

// A station is where a drill reads: one instance, over one network or, in a configuration
// that knows no address of the other, over what there is.
type station struct {
	endpoint zone.Endpoint
	instance zone.Instance
	id       string
	network  zone.Network
	pace     *rate.Limiter
	// refused are those of this drill alone: who plays another has mended something.
	refused *registryread.Refusals
}

// stationOf finds what a word of the switch names.
func stationOf(c *config.Config, endpoint, word string) (station, error) {
	name, network, explicit := strings.Cut(word, "/")
	for n, e := range c.Zones() {
		if e.Name != endpoint {
			continue
		}
		at := slices.IndexFunc(e.Instances, func(i zone.Instance) bool { return i.Name == name })
		if at < 0 || !slices.Contains(e.Words(), word) {
			break
		}
		s := station{endpoint: e, instance: e.Instances[at], id: c.Endpoints[n].Instances[at].ID, network: zone.Network(network)}
		if !explicit {
			s.network = s.instance.Network
		}
		return s, nil
	}
	return station{}, errors.New("the request's to names no instance of the endpoint")
}

// targets are the ways to it, over its network alone.
func (s station) targets(state zone.State) []health.Target {
	for _, t := range Ways(s.endpoint, s.instance, state) {
		if (len(t.Addrs) > 0) == (s.network == zone.Internal) {
			return []health.Target{t}
		}
	}
	return nil
}

// drill reads a sample, and tells what it has after each image.
func (k *Keeper) drill(ctx context.Context, c *settings, endpoint string, r DrillRequest, tell func(DrillAnswer)) {
	a := DrillAnswer{ID: r.ID, Images: []DrilledImage{}}
	defer func() {
		a.At, a.Done = time.Now().UTC().Truncate(time.Second), true
		tell(a)
	}()
	s, err := stationOf(c.Config, endpoint, r.To)
	if err != nil {
		a.Problem = err.Error()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drillPatience)
	defer cancel()
	images, err := k.sample(ctx, c, endpoint, r)
	if err != nil {
		a.Problem = "the images of workloads can't be listed: " + err.Error()
		return
	}
	a.None = len(images) == 0
	s.pace, s.refused = rate.NewLimiter(requestsPerSecond, requestsPerSecond), &registryread.Refusals{}
	for _, i := range images {
		a.Images = append(a.Images, k.pull(ctx, s, i))
		if ctx.Err() != nil {
			a.Problem = fmt.Sprintf("it took longer than %s: %d of %s were read", drillPatience, len(a.Images), several(len(images), "image", "images"))
			return
		}
		a.At = time.Now().UTC().Truncate(time.Second)
		tell(a)
	}
	if len(images) < r.Sample {
		a.Problem = fmt.Sprintf("workloads name only %s of the endpoint", several(len(images), "image", "images"))
	}
}

// sample chooses the images. That there are none is never said because nobody has looked
// yet, or not since the first workload came: all workloads are listed for it.
func (k *Keeper) sample(ctx context.Context, c *settings, endpoint string, r DrillRequest) (images []sampled, err error) {
	choose := func() {
		k.mutex.Lock()
		defer k.mutex.Unlock()
		images = k.book.sample(endpoint, r.Sample, r.ID)
	}
	if choose(); len(images) > 0 {
		return images, nil
	}
	err = k.survey(ctx, c, func() bool {
		choose()
		return len(images) == 0
	})
	choose()
	return images, err
}

// pull reads one image, on connections of its own, with the credentials in turn.
func (k *Keeper) pull(ctx context.Context, s station, i sampled) DrilledImage {
	d := DrilledImage{Image: i.Name, Finding: Unknown, Seconds: map[string]float64{}}
	ring, err := k.keys.ring(ctx, i.puller, i.Image, s.instance.Name)
	if err != nil {
		d.Reason = err.Error()
		return d
	}
	reader, err := registryread.Open(ctx, registryread.Options{
		Prober: k.Prober, ID: s.id, Targets: s.targets(k.state(ctx, s.endpoint)), Pace: s.pace.Wait, Refused: s.refused,
	})
	if err != nil {
		d.Reason = err.Error()
		return d
	}
	defer reader.Close()
	tried := ring.credentials
	if len(tried) == 0 {
		tried = []pullsecrets.Credential{{}}
	}
	var pulled registryread.Pull
	for _, credential := range tried[:min(len(tried), mostCredentials)] {
		pulled, err = reader.Read(ctx, credential, i.Image.Image, drillBytes)
		if !errors.Is(err, registrylogin.ErrRefused) {
			break
		}
	}
	d.take(pulled)
	switch {
	case err == nil:
		k.mutex.Lock()
		d.Finding = k.book.judgeRead(i.Name, s.instance.Name, pulled.Digest)
		k.mutex.Unlock()
	case errors.Is(err, registryread.ErrMissing):
		d.Finding, d.Reason = Missing, err.Error()
	case errors.Is(err, registrylogin.ErrRefused) && ring.doubt != "":
		d.Finding, d.Reason = Unreadable, ring.doubt
	case errors.Is(err, registrylogin.ErrRefused):
		d.Finding, d.Reason = Unreadable, err.Error()
	default:
		d.Reason = err.Error()
	}
	return d
}

func (d *DrilledImage) take(p registryread.Pull) {
	d.Bytes, d.Whole = p.Bytes, p.Whole
	for step, took := range map[string]time.Duration{
		"connect": p.Steps.Connect, "tls": p.Steps.TLS, "token": p.Steps.Token, "manifest": p.Steps.Manifest, "blob": p.Steps.Blob,
	} {
		d.Seconds[step] = float64(took.Round(time.Microsecond)) / float64(time.Second)
	}
}
