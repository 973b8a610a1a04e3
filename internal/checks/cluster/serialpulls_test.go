package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

const forbidden = "forbidden"

// kubelets serves nodes whose kubelets say so at /configz; forbidden is no right to ask.
func kubelets(t *testing.T, configz map[string]string) (o Options, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		node, isProxy := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/v1/nodes/"), "/proxy/configz")
		switch {
		case r.URL.Path == "/api/v1/nodes":
			list := corev1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}}
			for name := range configz {
				n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
				if strings.HasPrefix(name, "virtual") {
					n.Labels = map[string]string{"type": "virtual-kubelet"}
				}
				list.Items = append(list.Items, n)
			}
			_ = json.NewEncoder(w).Encode(list)
		case !isProxy:
			t.Errorf("asked for %s", r.URL)
		case configz[node] == forbidden:
			asked.Add(1)
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"nodes \"%s\" is forbidden"}`, node)
		default:
			asked.Add(1)
			_, _ = w.Write([]byte(configz[node]))
		}
	}))
	t.Cleanup(server.Close)
	client, err := corev1client.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Config: example(t), Core: client}, asked
}

func TestHowNodesPull(t *testing.T) {
	const serial = `{"kubeletconfig":{"serializeImagePulls":true,"maxParallelImagePulls":1,"other":{}}}`
	const parallel = `{"kubeletconfig":{"serializeImagePulls":false}}`
	const held = "warning : one image is pulled after the other, so that one pull that hangs at a switch holds up all pods of the node, on "
	for sentence, test := range map[string]struct {
		configz map[string]string
		want    string
	}{
		"one after the other":         {map[string]string{"a": serial}, held + "the node a\n"},
		"by default":                  {map[string]string{"a": `{"kubeletconfig":{"serializeImagePulls":true}}`}, held + "the node a\n"},
		"at most one at once":         {map[string]string{"a": `{"kubeletconfig":{"serializeImagePulls":false,"maxParallelImagePulls":1}}`}, held + "the node a\n"},
		"side by side":                {map[string]string{"a": parallel, "b": parallel}, "ok : images are pulled side by side on 2 nodes: a, b\n"},
		"a few at once":               {map[string]string{"a": `{"kubeletconfig":{"serializeImagePulls":false,"maxParallelImagePulls":3}}`}, "ok : up to 3 images are pulled at once on the node a\n"},
		"each in its own way":         {map[string]string{"a": parallel, "b": serial, "c": "<html>"}, held + "the node b\nunknown : kubelet doesn't tell how it pulls on the node c: its configuration can't be read: invalid character '<' looking for beginning of value\nok : images are pulled side by side on the node a\n"},
		"in words that aren't known":  {map[string]string{"a": `{"kubeletconfig":{}}`}, "unknown : kubelet doesn't tell how it pulls on the node a: its configuration has no serializeImagePulls\n"},
		"many":                        {map[string]string{"a": serial, "b": serial, "c": serial, "d": serial, "e": serial, "f": serial}, held + "6 nodes: a, b, c, d, e and others\n"},
		"without the right to ask":    {map[string]string{"a": forbidden, "b": forbidden}, "unknown : kubelet's configuration may not be read with this kubeconfig, and by default it pulls one image after the other: nodes \"a\" is forbidden\n"},
		"where all nodes are virtual": {map[string]string{"virtual": serial}, "unknown : there is no node that pulls images\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			o, asked := kubelets(t, test.configz)
			found := serialPulls(t.Context(), o)
			if diff := cmp.Diff(test.want, findings(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range found {
				if f.Level != "ok" && f.Remedy == "" {
					t.Errorf("%s: there is no remedy", f.Text)
				}
			}
			if n := asked.Load(); strings.Contains(test.want, "may not be read") && n != 1 {
				t.Errorf("without the right it was asked %d times", n)
			}
		})
	}
}

func TestWithResetsNoKubeletIsAsked(t *testing.T) {
	o, asked := kubelets(t, map[string]string{"a": "{}"})
	o.Config.Node.ResetConnections = true
	if got := findings(serialPulls(t.Context(), o)); got != "ok : node.resetConnections ends pulls in flight at a switch, however kubelet pulls\n" || asked.Load() != 0 {
		t.Errorf("asked %d kubelets, and found %s", asked.Load(), got)
	}
}

func TestOfManyNodesSomeAreAsked(t *testing.T) {
	all := map[string]string{}
	for n := range 250 {
		all[fmt.Sprintf("pool-%c-%03d", 'a'+n/125, n)] = `{"kubeletconfig":{"serializeImagePulls":false}}`
	}
	o, asked := kubelets(t, all)
	got := findings(serialPulls(t.Context(), o))
	if asked.Load() != 100 || got != "ok : images are pulled side by side on 100 nodes: pool-a-000, pool-a-002, pool-a-005, pool-a-007, pool-a-010 and others (100 of 250 nodes were asked)\n" {
		t.Errorf("asked %d kubelets, and found %s", asked.Load(), got)
	}
}

func TestAKubeletThatIsSilentIsNotWaitedForWhenTheTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	found := judgePulls([]pulling{{node: "a", err: errors.New("nothing came in time")}}, ctx.Err())
	if len(found) != 1 || !found[0].Late || found[0].Level != "unknown" {
		t.Errorf("got %+v", found)
	}
}

func FuzzParseConfigz(f *testing.F) {
	f.Add([]byte(`{"kubeletconfig":{"serializeImagePulls":false,"maxParallelImagePulls":3}}`))
	f.Add([]byte(`{"kubeletconfig":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		serial, limit, err := parseConfigz(text)
		if err != nil && (serial || limit != 0) {
			t.Errorf("%q is %t, %d and an error: %v", text, serial, limit, err)
		}
	})
}
