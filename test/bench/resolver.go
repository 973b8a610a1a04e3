package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/registry-failover/registry-failover/test/standin"
)

// endpoint is the shared endpoint of the measurement.
const endpoint = "cross-region.registry.io"

// An instance is a value of the switch and the address that it leads to.
type instance struct{ name, address string }

var instances = [2]instance{{"hangzhou", "10.1.0.10"}, {"zhangjiakou", "10.2.0.10"}}

const config = `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster:
  vpcID: vpc-bbbbb
  region: cn-zhangjiakou
privateZone:
  source: VPCDNS
endpoints:
- name: cross-region.registry.io
  ttl: 5s
  primary: zhangjiakou
  instances:
  - name: hangzhou
    id: cri-aaaaa
    region: cn-hangzhou
    publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com
    internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com
    network: internal
    internalAddresses: [10.1.0.10]
  - name: zhangjiakou
    id: cri-bbbbb
    region: cn-zhangjiakou
    publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com
    internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com
    network: internal
    internalAddresses: [10.2.0.10]
`

// startResolver runs the resolver for DNS and for a hosts file at once, with
// its inputs below dir, and returns when it answers for the first instance.
func startResolver(ctx context.Context, program, dir string) (*server, error) {
	privateZone, err := standin.ServePrivateZone(ctx, map[string]netip.Addr{
		endpoint:                                    netip.MustParseAddr(instances[1].address),
		"a-registry.cn-hangzhou.cr.aliyuncs.com":    netip.MustParseAddr("203.0.113.10"),
		"b-registry.cn-zhangjiakou.cr.aliyuncs.com": netip.MustParseAddr("203.0.113.20"),
	}, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = privateZone.Close() })
	inputs := filepath.Join(dir, "inputs")
	hosts := filepath.Join(dir, "etc", "hosts")
	for path, content := range map[string]string{
		filepath.Join(dir, "config.yaml"):         config,
		filepath.Join(inputs, "switch", endpoint): instances[0].name + "\n",
		filepath.Join(inputs, "state", ".keep"):   "",
		hosts:                                     "127.0.0.1 localhost\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}

	var said tail
	listening := make(chan string, 1)
	s, err := start(ctx, func(line string) {
		said.add(line)
		if addr := listeningForDNS(line); addr != "" {
			select {
			case listening <- addr:
			default:
			}
		}
	}, program,
		"--config", filepath.Join(dir, "config.yaml"), "--dir", inputs,
		"--listen", "127.0.0.1:0", "--hosts-file", hosts, "--upstream", privateZone.Addr(),
		"--cache-dir", filepath.Join(dir, "cache"), "--metrics", "127.0.0.1:0", "--log-format", "json")
	if err != nil {
		return nil, err
	}
	s.dir, s.hosts = inputs, hosts
	select {
	case s.addr = <-listening:
	case <-time.After(startTimeout):
		s.stop()
		return nil, fmt.Errorf("%s does not log that it listens for DNS; its last lines are:\n%s", program, &said)
	case <-ctx.Done():
		s.stop()
		return nil, ctx.Err()
	}
	if err := s.awaitAnswer(ctx, instances[0].address); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w; its last lines are:\n%s", err, &said)
	}
	return s, nil
}

// listeningForDNS returns the address in the log line that tells it, else "".
func listeningForDNS(line string) string {
	var entry struct{ Msg, Proto, Addr string }
	if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Msg != "listening" || entry.Proto != "dns" {
		return ""
	}
	return entry.Addr
}
