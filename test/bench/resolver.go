package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/bench/program"
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

// startPrivateZone runs the VPC's DNS until ctx ends.
func startPrivateZone(ctx context.Context) (*standin.PrivateZone, error) {
	privateZone, err := standin.ServePrivateZone(ctx, map[string]netip.Addr{
		endpoint:                                    netip.MustParseAddr(instances[1].address),
		"a-registry.cn-hangzhou.cr.aliyuncs.com":    netip.MustParseAddr("203.0.113.10"),
		"b-registry.cn-zhangjiakou.cr.aliyuncs.com": netip.MustParseAddr("203.0.113.20"),
	}, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = privateZone.Close() })
	return privateZone, nil
}

// startResolver runs the resolver for DNS and for a hosts file at once, with
// its inputs below dir, and returns when it answers for the first instance.
func startResolver(ctx context.Context, path, dir string) (*server, error) {
	privateZone, err := startPrivateZone(ctx)
	if err != nil {
		return nil, err
	}
	inputs := filepath.Join(dir, "inputs")
	hosts := filepath.Join(dir, "etc", "hosts")
	for file, content := range map[string]string{
		filepath.Join(dir, "config.yaml"):         config,
		filepath.Join(inputs, "switch", endpoint): instances[0].name + "\n",
		filepath.Join(inputs, "state", ".keep"):   "",
		hosts:                                     "127.0.0.1 localhost\n",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}

	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	metrics := fmt.Sprintf("127.0.0.1:%d", port)
	started, addr, err := program.StartListening(ctx, "dns", path,
		"--config", filepath.Join(dir, "config.yaml"), "--dir", inputs,
		"--listen", "127.0.0.1:0", "--hosts-file", hosts, "--upstream", privateZone.Addr(),
		"--cache-dir", filepath.Join(dir, "cache"), "--metrics", metrics, "--log-format", "json")
	if err != nil {
		return nil, err
	}
	s := &server{Program: started, addr: addr, dir: inputs, hosts: hosts, metrics: metrics, privateZone: privateZone}
	if err := s.awaitAnswer(ctx, instances[0].address); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}
