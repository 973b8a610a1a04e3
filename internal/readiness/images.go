package readiness

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// MaxImagesBytes is how long all of the ConfigMap may be, keys and values: it can have 1 MiB.
const MaxImagesBytes = 900 << 10

// Images are those of one endpoint that aren't present and equal on every instance, as
// they stand in the ConfigMap registry-failover-images:
//
//	{"version":1,"at":"2026-11-24T02:00:00Z","images":[{"image":"cross-region.registry.io/demo/web:1","digests":["sha256:…"],"pods":14,"workloads":["shop/Deployment/web"],"more":0,"findings":[{"instance":"hangzhou","finding":"missing","since":"…","at":"…"}]}],"leftOut":0,"waiting":0}
type Images struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	// Images are in the order of what would be missed most: those that block most pods first.
	Images []ImageStatus `json:"images"`
	// LeftOut is how many more there are.
	LeftOut int `json:"leftOut"`
	// Waiting is how many others were not looked up yet on some instance, and present on the rest.
	Waiting int `json:"waiting"`
}

// An ImageStatus is what is found of one image.
type ImageStatus struct {
	Image string `json:"image"`
	// Digests are those that pods run of it, as far as they tell.
	Digests []string `json:"digests"`
	// Pods is how many run it.
	Pods int `json:"pods"`
	// Workloads are namespace/Kind/name; More is how many others name it.
	Workloads []string `json:"workloads"`
	More      int      `json:"more"`
	// Findings are by instance, in the configuration's order, the good ones too.
	Findings []ImageFinding `json:"findings"`
}

// An ImageFinding is what is found of an image on one instance.
type ImageFinding struct {
	Instance string  `json:"instance"`
	Finding  Finding `json:"finding"`
	// Reason says why, where there is more to say.
	Reason string `json:"reason,omitempty"`
	// Since is when the finding became what it is, At when it was looked up last; both
	// are nil where it never was.
	Since *time.Time `json:"since,omitempty"`
	At    *time.Time `json:"at,omitempty"`
}

// imagesVersion is the schema.
const imagesVersion = 1

// Worst lists an endpoint's images that aren't present on every instance, as many as fit
// into so many bytes of JSON; those that merely wait to be looked up are counted.
func (b *Book) Worst(name string, limit int) Images {
	type lacking struct {
		*entry
		worst Finding
	}
	var bad []lacking
	e := b.endpoints[name]
	images := Images{Version: imagesVersion, Images: []ImageStatus{}}
	for _, entry := range b.entries {
		if entry.endpoint != e {
			continue
		}
		switch worst := entry.worst(); {
		case worst == Present:
		case worst == Unknown && entry.isWaiting():
			images.Waiting++
		default:
			bad = append(bad, lacking{entry, worst})
		}
	}
	rank := map[Finding]int{}
	for n, f := range Findings() {
		rank[f] = -n
	}
	slices.SortFunc(bad, func(a, b lacking) int {
		return cmp.Or(cmp.Compare(rank[a.worst], rank[b.worst]), -cmp.Compare(a.pods, b.pods), cmp.Compare(a.Name, b.Name))
	})
	left := limit - 200 - len(name)
	for n, image := range bad {
		status := image.status()
		text, err := json.Marshal(status)
		if err != nil {
			panic(err) // strings, numbers and times
		}
		if left -= len(text) + 1; left < 0 {
			images.LeftOut = len(bad) - n
			break
		}
		images.Images = append(images.Images, status)
	}
	return images
}

// Encode writes what [ParseImages] reads.
func (i Images) Encode() string {
	text, err := json.Marshal(i)
	if err != nil {
		panic(err) // strings, numbers and times
	}
	return string(text)
}

// worst is the worst finding on any instance.
func (e *entry) worst() Finding {
	f := Present
	for n := range e.records {
		found, _ := e.finding(n)
		f = worse(f, found)
	}
	return f
}

// isWaiting tells of an image with nothing worse than unknown whether that is because some
// instance was not asked yet: to list each such image would be to write most of them, again
// and again, as one instance after the other answers.
func (e *entry) isWaiting() bool {
	for n := range e.records {
		if found, _ := e.finding(n); found == Unknown && e.records[n].tried {
			return false
		}
	}
	return true
}

func (e *entry) status() ImageStatus {
	s := ImageStatus{
		Image: e.Name, Digests: slices.Concat([]string{}, e.digests), Pods: e.pods, Workloads: slices.Concat([]string{}, e.workloads),
		More: e.more, Findings: []ImageFinding{},
	}
	for n, i := range e.endpoint.Instances {
		r := &e.records[n]
		f := ImageFinding{Instance: i.Name, Since: when(r.since), At: when(r.asked)}
		f.Finding, _ = e.finding(n)
		switch {
		case f.Finding == Stale:
			f.Reason = "it has " + r.digest
		case f.Finding != Present:
			f.Reason = r.reason
		}
		s.Findings = append(s.Findings, f)
	}
	return s
}

func when(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	at := time.Unix(seconds, 0).UTC()
	return &at
}

// ParseImages reads what Encode writes. A finding that this program doesn't know stays as
// it is: a newer controller may have written it.
func ParseImages(text string) (Images, error) {
	if len(text) > 1<<20 {
		return Images{}, fmt.Errorf("the list of images is %d bytes long: a ConfigMap has at most 1 MiB", len(text))
	}
	var images Images
	if err := json.Unmarshal([]byte(text), &images); err != nil {
		return Images{}, fmt.Errorf("the list of images can't be read: %w", err)
	}
	return images, nil
}
