package diagnostics

import (
	"fmt"
	"io"
	"log/slog"
)

// NewLogger writes records of level info and above to w, as lines of the format
// "text" (key=value) or "json". Any other format is an error.
func NewLogger(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, fmt.Errorf("log format %q: one of text, json", format)
}
