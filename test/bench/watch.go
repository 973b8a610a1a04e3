package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/bench/program"
)

// drops is how often a watch is broken, once a second.
const drops = 60

// A watcher is a resolver that watches an API server.
type watcher struct {
	*server
	goroutines float64
	before     [2]int64 // memory
	what       string   // has happened to it
}

// breakWatches starts a resolver that watches an API server whose connections
// break each second, while the switch is thrown as often. The last switch must
// arrive, and no goroutine may be left.
func breakWatches(ctx context.Context, path, dir string) (*watcher, error) {
	fmt.Fprintf(os.Stderr, "connections to an API server that break: %v\n", drops*time.Second)
	api, err := serveAPI(ctx)
	if err != nil {
		return nil, err
	}
	api.set(instances[0].name)
	resolver, err := startWatching(ctx, path, dir, api)
	if err != nil {
		return nil, err
	}
	w := &watcher{server: resolver}
	if err := w.suffer(ctx, api); err != nil {
		w.Stop()
		return nil, err
	}
	return w, nil
}

func (w *watcher) suffer(ctx context.Context, api *apiServer) (err error) {
	if w.goroutines, err = w.sum(ctx, "go_goroutines "); err != nil {
		return err
	}
	if w.before, err = w.memory(); err != nil {
		return err
	}
	watches, err := api.dropOften(ctx)
	if err != nil {
		return err
	}
	w.what = fmt.Sprintf("%d broken connections to the API server, one a second, with %d watches", drops, watches)
	if err := w.awaitAnswer(ctx, instances[drops%len(instances)].address); err != nil {
		return err
	}
	if err := w.awaitGoroutines(ctx, w.goroutines); err != nil {
		return fmt.Errorf("after %s: %w", w.what, err)
	}
	return nil
}

// rows are its memory now, beside what it was before.
func (w *watcher) rows(when string) ([]figures.Row, error) {
	now, err := w.memory()
	if err != nil {
		return nil, err
	}
	var rows []figures.Row
	for i, field := range memoryFields {
		rows = append(rows, figures.Row{
			What: "memory " + when + " (" + field + ")", Figure: figures.Mebibytes(now[i]),
			Reference: figures.Mebibytes(w.before[i]) + " before", Ratio: figures.Ratio(float64(now[i]), float64(w.before[i])),
		})
	}
	return rows, nil
}

// dropOften throws the switch and breaks every connection once a second, and
// returns how many watches began meanwhile.
func (a *apiServer) dropOften(ctx context.Context) (watches int, err error) {
	before := a.begun()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range drops {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		a.set(instances[(i+1)%len(instances)].name)
		a.drop()
	}
	if watches = a.begun() - before; watches < drops/4 {
		return 0, fmt.Errorf("only %d watches began while connections broke %d times", watches, drops)
	}
	return watches, nil
}

var memoryFields = [2]string{"VmRSS", "RssAnon"}

// memory is what a program has of both.
func (s *server) memory() (m [2]int64, err error) {
	for i, field := range memoryFields {
		if m[i], err = figures.Resident(s.PID, field); err != nil {
			return m, err
		}
	}
	return m, nil
}

// startWatching runs a resolver for DNS that watches the API server, and returns
// when it answers for the first instance.
func startWatching(ctx context.Context, path, dir string, api *apiServer) (*server, error) {
	privateZone, err := startPrivateZone(ctx)
	if err != nil {
		return nil, err
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: bench, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: bench, user: {token: bench}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
current-context: bench
`, api.url, base64.StdEncoding.EncodeToString(api.authority.PEM())), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	metrics := fmt.Sprintf("127.0.0.1:%d", port)
	// env becomes the resolver.
	started, addr, err := program.StartListening(ctx, "dns", "env", "KUBECONFIG="+kubeconfig, path,
		"--config", filepath.Join(dir, "config.yaml"), "--kube", "--namespace", "registry-failover",
		"--listen", "127.0.0.1:0", "--upstream", privateZone.Addr(),
		"--cache-dir", filepath.Join(dir, "cache-watch"), "--metrics", metrics, "--log-format", "json")
	if err != nil {
		return nil, err
	}
	s := &server{Program: started, addr: addr, metrics: metrics, privateZone: privateZone}
	if err := s.awaitAnswer(ctx, instances[0].address); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}
