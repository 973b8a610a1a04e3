package readiness

import (
	"cmp"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
)

// A sampled image, and one of those whose pods pull it.
type sampled struct {
	Image
	puller *Puller
}

// sample chooses an endpoint's images: one half, or one more, are those that most pods run,
// the others are taken by chance. The same seed chooses the same of the same images.
func (b *Book) sample(name string, n int, seed string) []sampled {
	var all []*entry
	for _, e := range b.entries {
		if e.Endpoint == name && len(e.pullers) > 0 {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(-cmp.Compare(a.pods, b.pods), cmp.Compare(a.Name, b.Name))
	})
	n = min(n, len(all))
	most := (n + 1) / 2
	others := all[most:]
	random := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(seed)))) //nolint:gosec // nothing is secret here
	random.Shuffle(len(others), func(i, k int) { others[i], others[k] = others[k], others[i] })
	chosen := make([]sampled, n)
	for i, e := range all[:n] {
		chosen[i] = sampled{e.Image, e.pullers[0]}
	}
	return chosen
}

// judgeRead tells what an image is that was read from an instance with this digest.
func (b *Book) judgeRead(name, instance, digest string) Finding {
	e := b.entries[name]
	if e == nil {
		return Present
	}
	at := slices.IndexFunc(e.endpoint.Instances, func(i Instance) bool { return i.Name == instance })
	if at < 0 || len(e.pullers) == 0 {
		return Present
	}
	s := e.sight(at, 0)
	s.outcome, s.digest = found, digest
	return judge(s)
}
