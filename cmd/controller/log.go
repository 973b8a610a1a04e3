package main

import (
	"context"
	"log/slog"
)

// withoutEnd leaves out what controller-runtime tells of every normal end as an
// error: that a replica which gives up its Lease no longer leads.
type withoutEnd struct{ slog.Handler }

func (h withoutEnd) Handle(ctx context.Context, r slog.Record) error {
	end := false
	r.Attrs(func(a slog.Attr) bool {
		end = end || a.Value.String() == "leader election lost"
		return !end
	})
	if end && r.Message == "error received after stop sequence was engaged" {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h withoutEnd) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutEnd{h.Handler.WithAttrs(attrs)}
}

func (h withoutEnd) WithGroup(name string) slog.Handler {
	return withoutEnd{h.Handler.WithGroup(name)}
}
