package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// lookEvery is how often --watch looks at least; of a large cluster much is read,
	// and at most a third of the time goes into it.
	lookEvery = 2 * time.Second
	// podsEvery is how old the list of pods may be then: it is the longest of all.
	podsEvery = 30 * time.Second
	// lookFor is how long one look of --watch may take: an API server that takes a connection
	// and is silent shall not make what is shown look new.
	lookFor = 30 * time.Second
)

// follow shows what there is until ctx ends. What can't be read is told on a terminal
// with the rest, which would be written over it, and elsewhere by tell, once until it is over.
func (o *statusOptions) follow(ctx context.Context, client *statusClient, to *screen, tell func(string)) error {
	client.podsEvery = podsEvery
	begin := time.Now()
	var last statusResult
	var lastAt time.Time
	var notes, told []string
	for {
		asked := time.Now()
		var missing []string
		looking, cancel := context.WithTimeout(ctx, lookFor)
		result, err := o.look(looking, client, func(sentence string) { missing = append(missing, sentence) })
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (lastAt.IsZero() || apierrors.IsForbidden(err)):
			return err
		case err == nil:
			last, lastAt, notes = result, time.Now(), missing
		case o.output == outputJSON: // an object has no place for it
			missing = append(missing, err.Error())
		}
		above := notes
		if !to.isTerminal() {
			above = nil
			for _, sentence := range missing {
				if !slices.Contains(told, sentence) {
					tell(sentence)
				}
			}
			told = missing
		}
		if err := o.draw(to, last, lastAt, begin, above, err); err != nil {
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
// last in more than ages. What is wrong with it stands above, where no window is too low for it.
func (o *statusOptions) draw(to *screen, result statusResult, at, begin time.Time, notes []string, failed error) error {
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
	var above strings.Builder
	if failed != nil {
		fmt.Fprintf(&above, "‼ what follows was read %s ago: since then %s\n", duration(time.Since(at)), escape(failed.Error()))
		ageless.WriteString(escape(failed.Error()))
	}
	for _, note := range notes {
		fmt.Fprintf(&above, "‼ %s\n", escape(note))
	}
	return to.show(above.String()+text.String(), ageless.String())
}
