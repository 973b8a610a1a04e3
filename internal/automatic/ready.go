package automatic

import (
	"encoding/json"
	"time"
)

// oldestReady is the age from which it isn't known any more which images instances have.
const oldestReady = time.Hour

// readiness is what the endpoint's status says of images, under "readiness": the part of
// it that is read here.
type readiness struct {
	At time.Time `json:"at"`
	// Complete says that whoever looks has been through all images since it began.
	Complete  bool             `json:"complete"`
	Images    int              `json:"images"`
	Instances []instanceImages `json:"instances"`
}

type instanceImages struct {
	Instance string `json:"instance"`
	// Unknown is how many images nobody has looked up there yet.
	Unknown int `json:"unknown"`
	// Share is what part of all images is there.
	Share float64 `json:"share"`
}

// parseReadiness reads a status. What can't be read says nothing.
func parseReadiness(text string) readiness {
	var stands struct{ Readiness readiness }
	if json.Unmarshal([]byte(text), &stands) != nil {
		return readiness{}
	}
	return stands.Readiness
}

// images is what was read last, and what was the last of a look through all of them: a
// new leader begins anew, and what the one before has found is so still.
type images struct{ last, complete readiness }

func (i images) then(next readiness) images {
	if next.Complete {
		return images{next, next}
	}
	return images{next, i.complete}
}

// shares are by instance, as far as they are known. Of a look that isn't through it is
// known where it makes no difference whether the rest is there, for those who
// ask for at least so much.
func (i images) shares(least float64, now time.Time) map[string]float64 {
	shares := map[string]float64{}
	if now.Sub(i.complete.At) <= oldestReady {
		for _, r := range i.complete.Instances {
			shares[r.Instance] = r.Share
		}
	}
	if i.last.Complete || i.last.Images <= 0 || now.Sub(i.last.At) > oldestReady {
		return shares
	}
	for _, r := range i.last.Instances {
		most := r.Share + float64(r.Unknown)/float64(i.last.Images)
		switch {
		case r.Share >= least:
			shares[r.Instance] = r.Share
		case most < least:
			shares[r.Instance] = most
		}
	}
	return shares
}
