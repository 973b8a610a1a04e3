package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/test/standin"
)

const (
	endpoint = "cross-region.registry.io"
	image    = "demo/web:1"
)

// stage is everything that the story plays on. It is left as it was found.
type stage struct {
	bin, config      string
	dir, hostsFile   string
	primary, standby *registryServer
	privateZone      *standin.PrivateZone
	webhook          *webhook
	resolver         *resolver
	authority        *standin.Authority
	digest           string
	cloud            *fakeCloud // nil where the story has none
}

// newStage has the cloud's API where dataFile is not empty: PrivateZone is read
// over it then, by the controller that the story starts.
func newStage(ctx context.Context, bin, config, dataFile string) (s *stage, err error) {
	s = &stage{bin: bin, config: config}
	defer func() {
		if err != nil {
			s.showLogs()
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "registry-failover-demo-"); err != nil {
		return s, err
	}
	if s.authority, err = standin.NewAuthority(); err != nil {
		return s, err
	}
	if err := s.startRegistries(ctx); err != nil {
		return s, err
	}
	if s.privateZone, err = standin.ServePrivateZone(ctx, map[string]netip.Addr{
		endpoint:                 s.primary.addr,
		s.primary.publicEndpoint: netip.MustParseAddr("203.0.113.20"),
		s.standby.publicEndpoint: netip.MustParseAddr("203.0.113.10"),
	}, "127.0.0.1:0"); err != nil {
		return s, err
	}
	if err := s.writeFiles(); err != nil {
		return s, err
	}
	if dataFile != "" {
		if err := s.addCloud(ctx, dataFile); err != nil {
			return s, err
		}
	}
	if s.webhook, err = startWebhook(ctx, bin, s.config, s.dir, s.authority); err != nil {
		return s, err
	}
	s.resolver, err = startResolver(ctx, bin, s.config, s.dir, s.hostsFile, s.privateZone.Addr())
	return s, err
}

func (s *stage) startRegistries(ctx context.Context) (err error) {
	if s.standby, err = newRegistryServer(ctx, "hangzhou", "cri-aaaaa", "10.1.0.10", "a-registry.cn-hangzhou.cr.aliyuncs.com", s.authority); err != nil {
		return err
	}
	if s.primary, err = newRegistryServer(ctx, "zhangjiakou", "cri-bbbbb", "10.2.0.10", "b-registry.cn-zhangjiakou.cr.aliyuncs.com", s.authority); err != nil {
		return err
	}
	s.digest, err = fill(ctx, s.authority, s.primary, s.standby)
	return err
}

func (s *stage) writeFiles() error {
	s.hostsFile = filepath.Join(s.dir, "hosts")
	if err := os.MkdirAll(filepath.Join(s.dir, "switch"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(s.hostsFile, []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		return err
	}
	return s.writeSwitch("privatezone")
}

// writeSwitch replaces the file by rename, as a mounted ConfigMap changes.
func (s *stage) writeSwitch(word string) error {
	fresh := filepath.Join(s.dir, "switch", ".new")
	if err := os.WriteFile(fresh, []byte(word+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(s.dir, "switch", endpoint))
}

// switched is how long after the rename the answer and the hosts file followed.
type switched struct{ answer, hosts time.Duration }

// throw writes the switch and waits for both ways that the answer takes.
func (s *stage) throw(ctx context.Context, word string, addr netip.Addr, inHosts bool) (times switched, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answered, written := make(chan error, 1), make(chan error, 1)
	begin := time.Now()
	if err := s.writeSwitch(word); err != nil {
		return times, err
	}
	go func() { err := s.awaitAnswer(ctx, addr); times.answer = time.Since(begin); answered <- err }()
	go func() { err := s.awaitHosts(ctx, addr, inHosts); times.hosts = time.Since(begin); written <- err }()
	if err := <-answered; err != nil {
		return times, err
	}
	return times, <-written
}

func (s *stage) awaitAnswer(ctx context.Context, addr netip.Addr) error {
	return await(ctx, "DNS answers "+addr.String(), func() bool {
		got, err := standin.Lookup(ctx, s.resolver.addr, endpoint)
		return err == nil && slices.Equal(got, []netip.Addr{addr})
	})
}

func (s *stage) awaitHosts(ctx context.Context, addr netip.Addr, there bool) error {
	return await(ctx, fmt.Sprintf("%s in the hosts file: %t", addr, there), func() bool {
		content, err := os.ReadFile(s.hostsFile)
		block := nodehosts.Applied(content)[endpoint]
		if !there {
			return err == nil && len(block) == 0
		}
		return err == nil && slices.Equal(block, []netip.Addr{addr})
	})
}

// await looks every half millisecond, for ten seconds at most.
func await(ctx context.Context, what string, condition func() bool) error {
	return awaitWithin(ctx, 10*time.Second, what, condition)
}

func awaitWithin(ctx context.Context, limit time.Duration, what string, condition func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("this did not come true: %s", what)
		case <-tick.C:
		}
	}
	return nil
}

func (s *stage) showLogs() {
	if s.webhook != nil {
		s.webhook.program.showLog()
	}
	if s.resolver != nil {
		s.resolver.program.showLog()
	}
	if s.cloud != nil && s.cloud.controller != nil {
		s.cloud.controller.showLog()
	}
}

func (s *stage) close() {
	if s.cloud != nil {
		if s.cloud.controller != nil {
			s.cloud.controller.stop()
		}
		_ = s.cloud.server.Close()
	}
	if s.resolver != nil {
		s.resolver.program.stop()
	}
	if s.webhook != nil {
		s.webhook.program.stop()
	}
	if s.privateZone != nil {
		_ = s.privateZone.Close()
	}
	for _, r := range []*registryServer{s.primary, s.standby} {
		if r != nil {
			_ = r.Close()
		}
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
