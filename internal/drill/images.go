package drill

import (
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/readiness"
)

// Took is how long all steps of a read took.
func Took(r readiness.DrilledImage) time.Duration {
	sum := 0.0
	for _, s := range r.Seconds {
		sum += s
	}
	return time.Duration(sum * float64(time.Second))
}

// ReadImages judges the part [Images]. Ready is the share of the sample that must be read, and
// one image at least: it is skipped only where the controller says that there is none. Slowest
// is the one that took longest.
func ReadImages(a readiness.DrillAnswer, ready float64) (part Part, slowest time.Duration) {
	part = Part{Part: Images, Details: []string{}}
	well := 0
	for _, r := range a.Images {
		if r.Finding == readiness.Present {
			well++
			slowest = max(slowest, Took(r))
			continue
		}
		detail := r.Image + ": " + string(r.Finding)
		if r.Reason != "" {
			detail += ": " + r.Reason
		}
		part.Details = append(part.Details, detail)
	}
	told := fmt.Sprintf("%d of %s read with the pods' credentials", well, several(len(a.Images), "image was", "images were"))
	switch {
	case len(a.Images) == 0 && a.Done && a.None:
		part.Outcome, part.Text = Skipped, "no workload names an image of the endpoint: there is none to read"
	case len(a.Images) == 0:
		part.Outcome, part.Text = Unknown, "no image was read: "+a.Problem
	case !a.Done:
		part.Outcome, part.Text = Unknown, told+", and then no more: "+a.Problem
	case well == 0:
		part.Outcome, part.Text = Failed, told
	case float64(well)/float64(len(a.Images)) < ready: // as failover's rule has it
		part.Outcome, part.Text = Failed, fmt.Sprintf("%s: failover.readyShare wants %g %%", told, 100*ready)
	default:
		part.Outcome = Passed
		part.Text = fmt.Sprintf("%s, manifest and first layer, in %.2f s each at most", told, slowest.Seconds())
	}
	return part, slowest
}

// Chosen are the images of the sample that were read.
func Chosen(a readiness.DrillAnswer) []string {
	var images []string
	for _, r := range a.Images {
		if r.Finding == readiness.Present {
			images = append(images, r.Image)
		}
	}
	return images
}
