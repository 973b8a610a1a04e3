package resolver

import (
	"context"
	"time"
)

// newest hands values to a worker that may be slower than they come: it gets
// the newest and never sees those between. One goroutine may put.
type newest[T any] chan T

func makeNewest[T any]() newest[T] { return make(newest[T], 1) }

// put replaces what the worker has not taken yet. It never blocks.
func (n newest[T]) put(value T) {
	select {
	case <-n:
	default:
	}
	n <- value
}

// each calls work with the newest value, and idle at each tick, until ctx ends;
// then work once more if there is a value that was not worked on.
func (n newest[T]) each(ctx context.Context, tick <-chan time.Time, work func(T), idle func()) {
	for {
		select {
		case value := <-n:
			work(value)
		case <-tick:
			idle()
		case <-ctx.Done():
			select {
			case value := <-n:
				work(value)
			default:
			}
			return
		}
	}
}
