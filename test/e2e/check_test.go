package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestCheck looks from the node, before anything is installed, at instances that
// name themselves as ACR's do.
func TestCheck(t *testing.T) {
	name := func(i *cluster.Instance, id, region string) {
		i.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/v2/" {
				return false
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/auth",service="registry.aliyuncs.com:%s:china:%s"`, i.PublicEndpoint, region, id))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
	}
	defer node.Hangzhou.Intercept(nil)
	defer node.Zhangjiakou.Intercept(nil)
	name(node.Hangzhou, "cri-aaaaa", "cn-hangzhou")
	name(node.Zhangjiakou, "cri-bbbbb", "cn-zhangjiakou")

	expect := func(t *testing.T, code int, want map[checks.Code]checks.Level) time.Duration {
		t.Helper()
		begin := time.Now()
		got, results := checkPre(t)
		took := time.Since(begin)
		if got != code {
			t.Errorf("exit code %d, want %d", got, code)
		}
		for wanted, level := range want {
			n := slices.IndexFunc(results, func(r checks.Result) bool { return r.Code == wanted })
			if n < 0 || results[n].Level() != level {
				t.Errorf("%s isn't %s: %+v", wanted, level, results)
			}
		}
		return took
	}

	// The cloud's storage is nowhere here, which only warns.
	expect(t, 0, map[checks.Code]checks.Level{
		"RESOLVES": checks.OK, "REACHABLE": checks.OK, "CERTIFICATE": checks.OK, "CERTIFICATE-EXPIRY": checks.OK,
		"IDENTITY": checks.OK, "TOKEN-REALM": checks.OK, "STORAGE": checks.Warning,
	})

	name(node.Hangzhou, "cri-xxxxx", "cn-hangzhou")
	node.PrivateZone.Set(cluster.Endpoint, node.Hangzhou.Internal)
	defer node.PrivateZone.Set(cluster.Endpoint, node.Zhangjiakou.Internal)
	expect(t, 1, map[checks.Code]checks.Level{"RESOLVES": checks.Warning, "REACHABLE": checks.OK, "IDENTITY": checks.Failed})

	if err := node.Zhangjiakou.Close(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := node.Zhangjiakou.Start(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	expect(t, 1, map[checks.Code]checks.Level{"REACHABLE": checks.Failed, "CERTIFICATE": checks.Unknown})

	// Where packets are lost, all that are silent take no longer than one.
	for _, lost := range []netip.Addr{node.Hangzhou.Internal, node.Hangzhou.Public, node.Zhangjiakou.Public} {
		defer dropPackets(t, netip.AddrPortFrom(lost, 443))()
	}
	took := expect(t, 1, map[checks.Code]checks.Level{"REACHABLE": checks.Failed, "IDENTITY": checks.Unknown})
	t.Logf("with instances that are silent: %s", took.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

// checkPre runs the plugin as on the node.
func checkPre(t *testing.T) (code int, results []checks.Result) {
	t.Helper()
	var out, problems bytes.Buffer
	file := filepath.Join(node.Root, "testdata", "config", "example.yaml")
	code = cli.Run(t.Context(), []string{"check", "--pre", "-o", "json", "--config", file, "--kubeconfig", node.Kubeconfig()}, nil, &out, &problems)
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, problems.String())
	}
	return code, results
}
