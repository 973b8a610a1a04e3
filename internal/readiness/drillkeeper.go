package readiness

import (
	"context"
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/published"
)

// tellEvery is between two growing answers.
const tellEvery = 2 * time.Second

// Asked takes what stands in the ConfigMap [DrillsName], now and after each change. What is
// asked there is answered while the keeper works.
func (k *Keeper) Asked(data map[string]string) {
	k.drills.Store(&data)
	select {
	case k.rung <- struct{}{}:
	default: // it is rung already
	}
}

// drillOn answers the requests of drills until ctx ends.
func (k *Keeper) drillOn(ctx context.Context, c *settings) {
	all := map[string]followed{}
	for {
		wait := interval
		if data := k.drills.Load(); data != nil {
			for _, e := range c.Endpoints {
				f := k.answer(ctx, c, e.Name, *data, all[e.Name])
				if all[e.Name] = f; f.unsaid {
					wait = tellEvery
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-k.rung:
		case <-time.After(wait):
		}
	}
}

// A followed request is the last of an endpoint, with its answer: what a watch shows may be
// older than that.
type followed struct {
	request string
	answer  DrillAnswer
	told    time.Time
	// unsaid says that the answer could not be written.
	unsaid bool
}

// answer reads what the request asks for, unless that was done already.
func (k *Keeper) answer(ctx context.Context, c *settings, endpoint string, data map[string]string, last followed) followed {
	text, asked := data[RequestKey(endpoint)]
	if !asked {
		return last
	}
	r, err := ParseDrillRequest(text)
	answered, _ := ParseDrillAnswer(data[AnswerKey(endpoint)])                                   // what can't be read is none
	if answered.ID == r.ID && answered.Done && (err == nil || answered.Problem == err.Error()) { // a bad one may have no id
		last.unsaid = false
		return last
	}
	now := followed{request: text}
	tell := func(a DrillAnswer) {
		if !a.Done && time.Since(now.told) < tellEvery {
			return
		}
		now.told, now.answer = time.Now(), a
		err := k.putAnswer(ctx, endpoint, a)
		if now.unsaid = err != nil; now.unsaid && ctx.Err() == nil {
			k.Log.Warn("a drill can't be answered", "endpoint", endpoint, "id", a.ID, "error", err)
		}
	}
	at := time.Now()
	switch age := at.Sub(r.At); {
	case last.request == text && last.answer.Done:
		if time.Since(last.told) < tellEvery { // it is on its way
			return last
		}
		tell(last.answer) // which could not be written, or was taken away
	case err != nil:
		tell(DrillAnswer{ID: r.ID, At: at.UTC().Truncate(time.Second), Images: []DrilledImage{}, Done: true, Problem: err.Error()})
	case age > DrillFresh || age < -DrillFresh: // of long ago, or by another clock
		tell(DrillAnswer{ID: r.ID, At: at.UTC().Truncate(time.Second), Images: []DrilledImage{}, Done: true, Problem: "the request isn't of the last " + DrillFresh.String() + " by the controller's clock"})
	default:
		k.Log.Info("images are read for a drill", "endpoint", endpoint, "id", r.ID, "to", r.To, "sample", r.Sample)
		k.drill(ctx, c, endpoint, r, tell)
	}
	return now
}

func (k *Keeper) putAnswer(ctx context.Context, endpoint string, a DrillAnswer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{AnswerKey(endpoint): a.Encode()}})
	if err != nil {
		return err
	}
	_, err = k.Keys.ConfigMaps(k.Namespace).Patch(ctx, DrillsName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: published.Manager})
	return err
}
