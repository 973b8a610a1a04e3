package cli

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// lookEvery is how often --watch looks at least; of a large cluster much is read,
	// and at most a third of the time goes into it.
	lookEvery = 2 * time.Second
	// podsEvery is how old the list of pods may be then: it is the longest of all.
	podsEvery = 30 * time.Second
)

// follow shows what there is until ctx ends.
func (o *statusOptions) follow(ctx context.Context, client *statusClient, to *screen, tell func(string)) error {
	client.podsEvery = podsEvery
	begin := time.Now()
	told := map[string]bool{} // each sentence once
	once := func(sentence string) {
		if !told[sentence] {
			tell(sentence)
		}
		told[sentence] = true
	}
	var last statusResult
	var lastAt time.Time
	for {
		asked := time.Now()
		result, err := o.look(ctx, client, once)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (lastAt.IsZero() || apierrors.IsForbidden(err)):
			return err
		case err == nil:
			last, lastAt = result, time.Now()
		}
		if err := o.draw(to, last, lastAt, begin, err); err != nil {
			return err
		}
		select {
		case <-time.After(max(lookEvery, 2*time.Since(asked))):
		case <-ctx.Done():
			return nil
		}
	}
}

// draw shows a result on a terminal, and elsewhere only one that differs from the
// last in more than ages.
func (o *statusOptions) draw(to *screen, result statusResult, at, begin time.Time, failed error) error {
	ageless, err := o.render(result, begin)
	if err != nil {
		return err
	}
	text, err := o.render(result, time.Now())
	if err != nil {
		return err
	}
	if o.output == outputJSON {
		return to.append(text.String(), text.String())
	}
	since := ""
	if failed != nil {
		since = fmt.Sprintf("‼ that was %s ago: since then %v\n", duration(time.Since(at)), escape(failed.Error()))
		ageless.WriteString(escape(failed.Error()))
	}
	return to.show(text.String()+since, ageless.String())
}
