package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// lacking are the workloads of TestReadiness, by their image in demo/: how many pods each has.
var lacking = map[string]int{"web": 1, "only": 2, "moved": 1, "private": 1}

// TestReadiness has the standby lack images in each way, and looks at what is told.
func TestReadiness(t *testing.T) {
	s := newScenario(t, 4)
	defer node.Hangzhou.Intercept(nil)
	s.play(t, "pods run that the standby has not all images of", func(_ *scenario, t *testing.T) { deployLacking(t) })
	s.play(t, "helm install", func(s *scenario, t *testing.T) {
		s.runHelm(t, "install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1,prober.enabled=false",
			"--set", "config.pullSecrets.mode=Check", "--set", "config.pullSecrets.namespaces={"+shop+"}")
		awaitSwitch(t, "privatezone")
		trustInstances(t)
	})
	s.play(t, "what each instance lacks is told", func(_ *scenario, t *testing.T) {
		awaitCounts(t, "hangzhou", readiness.InstanceStatus{Present: 1, Stale: 1, Missing: 1, Unreadable: 1, Share: 0.25, PodsBlocked: 3})
		awaitCounts(t, "zhangjiakou", readiness.InstanceStatus{Present: 4, Share: 1})
	})
	s.play(t, "people see it: text, Event and metrics", func(_ *scenario, t *testing.T) { showReadiness(t) })
	s.play(t, "an image that is pushed to the standby is seen there", func(_ *scenario, t *testing.T) {
		pushToStandby(t, map[string]v1.Image{"only": webImage(t), "moved": webImage(t)})
		awaitCounts(t, "hangzhou", readiness.InstanceStatus{Present: 3, Unreadable: 1, Share: 0.75, PodsBlocked: 1})
	})
	s.play(t, "images are read for a drill", func(_ *scenario, t *testing.T) { drillImages(t) })
	s.play(t, "of an instance that is silent the next leader tells what it has said before", func(_ *scenario, t *testing.T) {
		must(t, node.Hangzhou.Close())
		restartController(t)
		await(t, "it is told that it is silent", 2*time.Minute, func(ctx context.Context) error {
			i, err := toldReadiness(ctx, "hangzhou")
			if err == nil && (i.Silent == "" || i.Present != 3) {
				err = fmt.Errorf("it is %+v", i)
			}
			return err
		})
		must(t, node.Hangzhou.Start(t.Context()))
	})
	s.play(t, "a credential that is mended blocks no pod", func(_ *scenario, t *testing.T) {
		guardStandby("demo/web", "demo/only", "demo/moved", "demo/private")
		restartController(t)
		awaitCounts(t, "hangzhou", readiness.InstanceStatus{Present: 4, Share: 1})
		events := kubectl(t, "-n", namespace, "events", "--for", "configmap/registry-failover")
		if !strings.Contains(events, "every standby has all images") {
			t.Errorf("no Event tells of it:\n%s", events)
		}
		if text := kubectl(t, "registry-failover", "status", "--images"); !strings.Contains(text, "  √ every instance has all images\n") {
			t.Errorf("it is\n%s", text)
		}
	})
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		for image := range lacking {
			kubectl(t, "-n", shop, "delete", "deployment/"+image)
		}
		must(t, secrets().Delete(t.Context(), "pull", metav1.DeleteOptions{}))
		kubectl(t, "-n", namespace, "delete", "configmap/instances-authority")
		s.awaitNothingLeft(t)
	})
}

// guardStandby has A give tokens for some repositories, and for no other.
func guardStandby(repositories ...string) {
	a := node.Hangzhou
	realm := standin.NewRealm("https://"+a.Realm+"/auth", "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa", userA, passwordA, repositories...)
	a.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Host == a.Realm {
			return realm.Issue(w, r)
		}
		return realm.Guard(w, r)
	})
}

// pushToStandby puts images into A, which otherwise wants a token of everybody, and gives
// none for demo/private.
func pushToStandby(t *testing.T, images map[string]v1.Image) {
	t.Helper()
	node.Hangzhou.Intercept(nil)
	for image, content := range images {
		must(t, node.Hangzhou.Push(t.Context(), node.Authority, sharedHost+"/demo/"+image+":1", content))
	}
	guardStandby("demo/web", "demo/only", "demo/moved")
}

func restartController(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", namespace, "rollout", "restart", "deployment/registry-failover-controller")
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-controller", "--timeout", "2m")
}

// drillImages has the controller read all images from A, as a drill does.
func drillImages(t *testing.T) {
	request := fmt.Sprintf(`{"id":"e2e-1","to":"hangzhou","sample":4,"at":%q}`, time.Now().UTC().Format(time.RFC3339))
	patch, err := json.Marshal(map[string]any{"data": map[string]string{readiness.RequestKey(cluster.Endpoint): request}})
	must(t, err)
	kubectl(t, "-n", namespace, "patch", "configmap", readiness.DrillsName, "--type", "merge", "-p", string(patch))
	await(t, "it is answered", time.Minute, func(ctx context.Context) error {
		m, err := node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, readiness.DrillsName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		a, err := readiness.ParseDrillAnswer(m.Data[readiness.AnswerKey(cluster.Endpoint)])
		if err != nil || !a.Done || a.ID != "e2e-1" || len(a.Images) != len(lacking) || a.Problem != "" {
			return fmt.Errorf("%w: %+v", err, a)
		}
		for _, i := range a.Images {
			isRead := i.Finding == readiness.Present && i.Bytes > 1000 && i.Seconds["blob"] > 0 && i.Seconds["tls"] > 0
			if isPrivate := strings.Contains(i.Image, "/private:"); isRead == isPrivate || isPrivate && i.Finding != readiness.Unreadable {
				t.Errorf("got %+v", i)
			}
			t.Logf("%s is %s: %d bytes, %v", i.Image, i.Finding, i.Bytes, i.Seconds)
		}
		return nil
	})
}

// deployLacking runs pods of images that B has all of; A has none, another, or one that
// their credential isn't good for.
func deployLacking(t *testing.T) {
	web := webImage(t)
	another, err := random.Image(100, 1)
	must(t, err)
	for image := range lacking {
		must(t, node.Zhangjiakou.Push(t.Context(), node.Authority, sharedHost+"/demo/"+image+":1", web))
	}
	pushToStandby(t, map[string]v1.Image{"moved": another, "private": web})
	createSecret(t, pullSecret("pull", map[string][2]string{cluster.Endpoint: {userA, passwordA}}))
	for image, replicas := range lacking {
		if output, err := node.Apply(t.Context(), fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: %[3]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      imagePullSecrets: [{name: pull}]
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: "%[4]s/demo/%[1]s:1"}]
`, image, shop, replicas, sourceHost)); err != nil {
			t.Fatal(err, output)
		}
	}
	for image := range lacking {
		kubectl(t, "-n", shop, "rollout", "status", "deployment/"+image, "--timeout", "2m")
	}
}

// webImage is the workload's, as the primary has it.
func webImage(t *testing.T) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(sharedImage)
	must(t, err)
	transport := node.Authority.Transport(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", node.Zhangjiakou.Addr())
	})
	t.Cleanup(transport.CloseIdleConnections)
	image, err := remote.Image(ref, remote.WithContext(context.WithoutCancel(t.Context())), remote.WithTransport(transport))
	must(t, err)
	return image
}

// trustInstances gives the controller the authority of the instances' certificates, which
// outside of tests is in the program's own list.
func trustInstances(t *testing.T) {
	t.Helper()
	authority := filepath.Join(t.TempDir(), "ca.crt")
	must(t, os.WriteFile(authority, node.Authority.PEM(), 0o600))
	kubectl(t, "-n", namespace, "create", "configmap", "instances-authority", "--from-file="+authority)
	const container = "/spec/template/spec/containers/0/"
	kubectl(t, "-n", namespace, "patch", "deployment/registry-failover-controller", "--type", "json", "-p", fmt.Sprintf(`[
		{"op":"add","path":"%[1]senv","value":[{"name":"SSL_CERT_FILE","value":"/etc/instances-authority/ca.crt"}]},
		{"op":"add","path":"%[1]svolumeMounts/-","value":{"name":"instances-authority","mountPath":"/etc/instances-authority"}},
		{"op":"add","path":"/spec/template/spec/volumes/-","value":{"name":"instances-authority","configMap":{"name":"instances-authority"}}}]`, container))
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-controller", "--timeout", "2m")
}

// awaitCounts waits until status tells so of an instance.
func awaitCounts(t *testing.T, instance string, want readiness.InstanceStatus) {
	t.Helper()
	want.Instance = instance
	await(t, "what is told of "+instance, 5*time.Minute, func(ctx context.Context) error {
		got, err := toldReadiness(ctx, instance)
		got.Oldest = nil
		if err == nil && got != want {
			err = fmt.Errorf("it is %+v", got)
		}
		return err
	})
}

// toldReadiness is what status tells of an instance.
func toldReadiness(ctx context.Context, instance string) (readiness.InstanceStatus, error) {
	output, err := node.Kubectl(ctx, "registry-failover", "status", "-o", "json")
	if failed, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || failed.ExitCode() != 1) { // 1: not every node has reported yet
		return readiness.InstanceStatus{}, err
	}
	var told struct {
		Readiness []struct {
			Problem   string
			Complete  bool
			Instances []readiness.InstanceStatus
		}
	}
	if err := json.Unmarshal([]byte(output), &told); err != nil {
		return readiness.InstanceStatus{}, fmt.Errorf("%w: %s", err, output)
	}
	if len(told.Readiness) != 1 || told.Readiness[0].Problem != "" {
		return readiness.InstanceStatus{}, fmt.Errorf("it tells %+v", told.Readiness)
	}
	for _, i := range told.Readiness[0].Instances {
		if i.Instance == instance {
			return i, nil
		}
	}
	return readiness.InstanceStatus{}, fmt.Errorf("it doesn't tell of %s", instance)
}

// showReadiness looks at what people see.
func showReadiness(t *testing.T) {
	const lacks = "hangzhou lacks 2 of 4 images (1 for want of a credential): 3 pods could not start, has another image for 1 tag"
	if status := kubectl(t, "registry-failover", "status"); !strings.Contains(status, "  ‼ "+lacks+"\n  √ zhangjiakou has all of 4 images\n") {
		t.Errorf("status is\n%s", status)
	}
	list, err := node.Kubectl(t.Context(), "registry-failover", "status", "--images")
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 {
		t.Errorf("it ends with %v", err)
	}
	for _, want := range []string{
		"  " + sharedHost + "/demo/only:1  2 pods\n    × hangzhou: missing for ", "    shop/Deployment/only\n",
		"  " + sharedHost + "/demo/private:1  1 pod\n    × hangzhou: unreadable for ", ": none of the pods' pull secrets does: refused: it says 401 Unauthorized\n",
		"  " + sharedHost + "/demo/moved:1  1 pod\n    ‼ hangzhou: stale for ", ": it has sha256:",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the images lack %q:\n%s", want, list)
		}
	}
	if strings.Contains(list, passwordA) || strings.Contains(list, "demo/web:1") {
		t.Errorf("the images tell too much:\n%s", list)
	}
	if events := kubectl(t, "-n", namespace, "events", "--for", "configmap/registry-failover"); !strings.Contains(events, "StandbyNotReady") || !strings.Contains(events, lacks) {
		t.Errorf("no Event tells of it:\n%s", events)
	}
	page, err := get(t.Context(), "http://"+net.JoinHostPort(podsOf(t, "controller")[0].Status.PodIP, "8082")+"/metrics")
	must(t, err)
	for _, want := range []string{
		`registry_failover_readiness_images{endpoint="` + cluster.Endpoint + `",finding="missing",instance="hangzhou"} 1`,
		`registry_failover_readiness_pods_blocked{endpoint="` + cluster.Endpoint + `",instance="hangzhou"} 3`,
		`registry_failover_readiness_pods_blocked{endpoint="` + cluster.Endpoint + `",instance="zhangjiakou"} 0`,
		`registry_failover_readiness_timestamp_seconds{endpoint="` + cluster.Endpoint + `"} `,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the controller's metrics lack %s", want)
		}
	}
}
