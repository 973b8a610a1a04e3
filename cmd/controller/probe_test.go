package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// TestAProberReportsIntoADirectory runs the whole program where nobody listens.
func TestAProberReportsIntoADirectory(t *testing.T) {
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(string(text)+"\nhealth: {interval: 20ms, failures: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- probe(ctx, probeOptions{config: file, dir: dir, pod: "host-a", log: slog.New(slog.DiscardHandler), health: health.Prober{
			Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") },
			Dial:    func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") },
		}})
	}()
	told := func() string {
		text, err := os.ReadFile(filepath.Join(dir, "health", "host-a"))
		if err != nil {
			return err.Error()
		}
		var report struct{ Annotations map[string]string }
		if err := json.Unmarshal(text, &report); err != nil {
			return err.Error()
		}
		r, err := healthreport.Parse(report.Annotations)
		if err != nil || len(r.Instances) != 4 {
			return string(text)
		}
		return r.Instances[0].Target() + " " + string(r.Instances[0].Level)
	}
	for told() != "hangzhou/internal unreachable" {
		select {
		case err := <-done:
			t.Fatalf("it has ended: %v", err)
		case <-ctx.Done():
			t.Fatalf("it tells %s", told())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
