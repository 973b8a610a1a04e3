package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// TestCloud has the controller read PrivateZone from the cloud's API, edits the
// record as a person does, throws the switch while the cloud is dark, and has it
// written back.
func TestCloud(t *testing.T) {
	s := newScenario(t, 4)
	fake, url := serveCloud(t)
	data := cloudData(t)
	fake.SetData(data)
	kubectl(t, "-n", namespace, "create", "secret", "generic", "cloud", "--from-literal=access-key-id=LTAI-demo", "--from-literal=access-key-secret=demo-secret")
	s.runHelm(t, "install",
		"--values", withoutAddresses(t),
		"--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1,config.node.hosts=Always",
		"--set", "config.privateZone.writeBack=true,config.privateZone.dryRun=true",
		"--set", "config.privateZone.source=API,config.credentials.provider=AccessKey,config.credentials.secretName=cloud")
	leadToCloud(t, url)

	awaitHosts(t, node.Zhangjiakou.Internal.String()) // without one address in the configuration
	tellsADryRun(t, fake)

	for i := range data.Zones {
		if data.Zones[i].ID == "zone-zhangjiakou" {
			data.Zones[i].Records[0].Value = node.Hangzhou.Internal.String()
		}
	}
	begun := time.Now()
	fake.SetData(data)
	if *switches == 0 { // else it is measured how long people wait for the next reading
		kubectl(t, "-n", namespace, "rollout", "restart", "deployment/registry-failover-controller")
	}
	await(t, "the edited record is in the node's hosts file", time.Minute, func(context.Context) error {
		return hostsLead(t, node.Hangzhou.Internal.String())
	})
	if *switches > 0 {
		t.Logf("%.1f s from the record edited in PrivateZone to the node's hosts file", time.Since(begun).Seconds())
	}
	await(t, "the failover by hand is told", 90*time.Second, func(ctx context.Context) error { // the status changes once a minute
		status, err := node.Kubectl(ctx, "registry-failover", "status")
		if err == nil && !strings.Contains(status, "‼ PrivateZone leads to hangzhou, and not to the primary zhangjiakou, read ") {
			err = fmt.Errorf("the status is %s", status)
		}
		return err
	})
	tellControllersMemory(t)

	fake.Inject(cloud.Fault{Drop: true})
	throw(t, "zhangjiakou/public")
	awaitHosts(t, node.Zhangjiakou.Public.String())
	throw(t, "zhangjiakou") // at the address that ACR has: the record there leads to the other
	awaitHosts(t, node.Zhangjiakou.Internal.String())
	throw(t, "hangzhou") // at the address that was learnt
	awaitHosts(t, node.Hangzhou.Internal.String())

	writesBack(t, fake)
	s.uninstallsAfterFailback(t, fake)
	kubectl(t, "-n", namespace, "delete", "secret/cloud", "configmap/cloud-authority")
	s.awaitNothingLeft(t)
}

func tellControllersMemory(t *testing.T) {
	t.Helper()
	for _, pod := range podsOf(t, "controller") {
		for _, pid := range pids(t, pod) {
			m, err := memoryOf(pid)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: VmRSS %.1f MiB", pod.Name, float64(m.resident)/1024)
		}
	}
}

// serveCloud lets a cloud listen where pods find it, with a certificate of the cluster's authority.
func serveCloud(t *testing.T) (fake *cloud.Cloud, url string) {
	t.Helper()
	host := node.Zhangjiakou.Internal.String()
	certificate, err := node.Authority.Server(host)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	fake = cloud.New(cloud.Data{})
	server := &http.Server{Handler: fake, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
	}()
	t.Cleanup(func() { server.Close(); <-ended })
	return fake, "https://" + listener.Addr().String()
}

func cloudData(t *testing.T) cloud.Data {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, "test", "fakecloud", "testdata", "two-regions.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// withoutAddresses are the example's values with VPCs instead of internal addresses.
func withoutAddresses(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, exampleValues))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	endpoint := values["config"].(map[string]any)["endpoints"].([]any)[0].(map[string]any)
	for i, vpc := range []string{"vpc-aaaaa", "vpc-bbbbb"} {
		instance := endpoint["instances"].([]any)[i].(map[string]any)
		delete(instance, "internalAddresses")
		instance["vpcID"] = vpc
	}
	if text, err = yaml.Marshal(values); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// leadToCloud gives the controller the address of the cloud and its authority,
// which the chart has no values for: outside of tests they are the cloud's own.
func leadToCloud(t *testing.T, url string) {
	t.Helper()
	authority := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(authority, node.Authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "create", "configmap", "cloud-authority", "--from-file="+authority)
	const container = "/spec/template/spec/containers/0/"
	patch := fmt.Sprintf(`[
		{"op":"add","path":"%[1]sargs/-","value":"--pvtz-endpoint=%[2]s"},
		{"op":"add","path":"%[1]sargs/-","value":"--acr-endpoint=%[2]s"},
		{"op":"add","path":"%[1]senv","value":[{"name":"SSL_CERT_FILE","value":"/etc/cloud-authority/ca.crt"}]},
		{"op":"add","path":"%[1]svolumeMounts/-","value":{"name":"cloud-authority","mountPath":"/etc/cloud-authority"}},
		{"op":"add","path":"/spec/template/spec/volumes/-","value":{"name":"cloud-authority","configMap":{"name":"cloud-authority"}}}]`, container, url)
	kubectl(t, "-n", namespace, "patch", "deployment/registry-failover-controller", "--type", "json", "-p", patch)
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-controller", "--timeout", "2m")
}
