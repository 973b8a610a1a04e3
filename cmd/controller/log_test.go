package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr"
)

func TestOnlyTheNormalEndIsLeftOut(t *testing.T) {
	var log bytes.Buffer
	logger := logr.FromSlogHandler(withoutEnd{slog.NewTextHandler(&log, nil)}).WithName("x").WithValues("a", "b")
	const message = "error received after stop sequence was engaged"
	logger.Error(errors.New("leader election lost"), message)
	logger.Error(errors.New("something broke"), message)
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "something broke") {
		t.Errorf("the log holds %q", got)
	}
}
