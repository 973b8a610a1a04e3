package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const shopPodsPath = "/api/v1/namespaces/shop/pods"

// drilled is a cluster whose probers report, and whose controller answers drills.
type drilled struct {
	*switched
	// level is what probers find of hangzhou/internal.
	level healthreport.Level
	// silent is a controller that doesn't answer; readOnly lets nobody write the drills.
	silent, readOnly bool
	// overtaken has another request take this one's place; emptied has somebody empty the
	// switch while the controller is asked.
	overtaken, emptied bool
	reads              []readiness.DrilledImage
	problem            string
	none               bool
	drills             map[string]string
	// values are all that the switch has said.
	values []string
	// pod is what was made in the namespace shop, and state what kubelet says of it.
	pod *corev1.Pod
	// late is how many seconds the controller's answer comes late; thrown is when the switch was.
	late   int
	thrown time.Time
	// lost are answers to writes of the switch that don't arrive; ends is called at its first write.
	lost    int
	ends    func()
	state   corev1.ContainerStatus
	deleted bool
	// gone is when a prober has reported last that is no more; there is none with nil.
	gone *metav1.MicroTime
}

func newDrilled(t *testing.T) *drilled {
	t.Helper()
	d := &drilled{switched: newSwitched(t, "privatezone"), level: healthreport.Healthy, drills: map[string]string{}, reads: []readiness.DrilledImage{
		{Image: shared + "/demo/other:1", Finding: readiness.Present, Seconds: map[string]float64{"manifest": 0.2, "blob": 0.3}},
		{Image: shared + "/demo/web:1", Finding: readiness.Present, Seconds: map[string]float64{"manifest": 0.2, "blob": 0.3}},
	}}
	d.state = corev1.ContainerStatus{ImageID: "sha256:ab", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "StartError"}}}
	return d
}

func (d *drilled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(-d.behind).UTC().Format(http.TimeFormat))
	switch {
	case r.URL.Path == leasesPath:
		d.mu.Lock()
		defer d.mu.Unlock()
		api{leasesPath: coordinationv1.LeaseList{Items: chosen(d.t, r, d.reported())}}.ServeHTTP(w, r)
	case r.URL.Path == drillsPath:
		d.serveDrills(w, r)
	case strings.HasPrefix(r.URL.Path, shopPodsPath) && d.pod != nil || r.URL.Path == shopPodsPath && d.state.Name != "forbidden":
		d.servePod(w, r)
	default:
		if r.URL.Path != switchPath || r.Method != http.MethodPatch {
			d.switched.ServeHTTP(w, r)
			return
		}
		if d.lost > 0 {
			d.lost--
			d.switched.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		d.switched.ServeHTTP(w, r)
		if len(d.values) == 0 {
			d.thrown = time.Now()
		}
		if d.values = append(d.values, d.value); len(d.values) == 1 && d.ends != nil {
			d.ends()
		}
	}
}

// reported are the Leases, with what each prober finds.
func (d *drilled) reported() []coordinationv1.Lease {
	all := d.leases()
	for n := range all {
		if all[n].Labels[healthreport.Component] != "prober" {
			continue
		}
		old, _ := healthreport.Parse(all[n].Annotations)
		old.Instances = []healthreport.Instance{{
			Key: healthreport.Key{Endpoint: shared, Instance: "hangzhou", Network: zone.Internal}, Level: d.level, Reason: "so it is", Named: true, LatencyMillis: 12,
		}}
		all[n].Annotations = old.Annotations()
	}
	if d.gone != nil {
		node, last := "node-z", all[len(all)-1]
		last.Name, last.Spec.HolderIdentity, last.Spec.RenewTime = "prober-gone", &node, d.gone
		all = append(all, last)
	}
	return all
}

func (d *drilled) serveDrills(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		if d.readOnly {
			api{}.ServeHTTP(w, r)
			return
		}
		var patch struct{ Data map[string]string }
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &patch); err != nil {
			d.t.Errorf("%s: %v", body, err)
		}
		maps.Copy(d.drills, patch.Data)
		if d.emptied {
			d.mu.Lock()
			d.value = ""
			d.mu.Unlock()
		}
		if d.overtaken {
			d.drills[readiness.RequestKey(shared)] = `{"id":"other"}`
		}
		if text := patch.Data[readiness.RequestKey(shared)]; text != "" && !d.silent {
			request, err := readiness.ParseDrillRequest(text)
			if err != nil || request.To != "hangzhou/internal" || request.Sample != 20 {
				d.t.Errorf("%s: %v", text, err)
			}
			answer, _ := json.Marshal(readiness.DrillAnswer{ID: request.ID, Images: d.reads, Done: true, None: d.none, Problem: d.problem})
			d.drills[readiness.AnswerKey(shared)] = string(answer)
		}
	}
	shown := maps.Clone(d.drills)
	if r.Method == http.MethodGet && d.late > 0 {
		d.late--
		delete(shown, readiness.AnswerKey(shared))
	}
	api{drillsPath: corev1.ConfigMap{Data: shown}}.ServeHTTP(w, r)
}

func (d *drilled) servePod(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == shopPodsPath:
		web := corev1.Pod{Spec: corev1.PodSpec{
			ServiceAccountName: "web", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}}, Containers: []corev1.Container{{Image: shared + "/demo/web:1"}},
		}}
		api{shopPodsPath: corev1.PodList{Items: []corev1.Pod{{}, web}}}.ServeHTTP(w, r)
		return
	case r.Method == http.MethodPost:
		d.pod = &corev1.Pod{}
		body, _ := io.ReadAll(r.Body)
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, d.pod); err != nil { // it is protobuf
			d.t.Errorf("%s: %v", body, err)
		}
		d.state.Name = "pull"
		sidecar := corev1.ContainerStatus{Name: "a-sidecar", ImageID: "sha256:cd", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
		d.pod.Status.ContainerStatuses = []corev1.ContainerStatus{sidecar, d.state}
	case r.Method == http.MethodDelete:
		d.deleted = true
	}
	d.pod.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(d.pod)
}

func (d *drilled) drill(args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	server := httptest.NewServer(d)
	defer server.Close()
	d.t.Setenv("KUBECONFIG", filepath.Join(d.t.TempDir(), "none"))
	var out, err bytes.Buffer
	code = cli.Run(d.t.Context(), append([]string{"drill", "--server", server.URL}, args...), nil, &out, &err)
	return code, out.String(), err.String()
}

// alike replaces what is different each time.
func alike(output string) string {
	output = regexp.MustCompile(`"(begin)": "[^"]+"`).ReplaceAllString(output, `"$1": "2026-11-24T02:00:00Z"`)
	output = regexp.MustCompile(`until: [0-9TZ:-]+`).ReplaceAllString(output, "until: 2026-11-24T02:10:00Z")
	output = regexp.MustCompile(`"seconds": \d+\.\d{4,}`).ReplaceAllString(output, `"seconds": 1.2`)
	output = regexp.MustCompile(`(after|node-a) \d+\.\d s`).ReplaceAllString(output, "$1 0.2 s")
	output = regexp.MustCompile(`a drill of \d+ s`).ReplaceAllString(output, "a drill of 34 s")
	output = regexp.MustCompile(`at most \d\d\.\d s`).ReplaceAllString(output, "at most 25.0 s")
	return regexp.MustCompile(`\d+\.\d s +measured`).ReplaceAllString(output, "0.2 s   measured")
}

var everything = slices.Clip([]string{"--to", "hangzhou", "--nodes", "node-a,node-g", "--pod-namespace", "shop"})

func TestGoldenFilesOfDrill(t *testing.T) {
	for file, args := range map[string][]string{
		"drill.txt": everything, "drill.json": append(everything, "-o", "json"), "dry-run.txt": append(everything, "--dry-run"),
	} {
		t.Run(file, func(t *testing.T) {
			d := newDrilled(t)
			code, stdout, stderr := d.drill(args...)
			if code != 0 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join("../../testdata/drill", file), alike(stdout))
		})
	}
}

func TestDrillPageShowsTheGoldenFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/drill.md")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("../../testdata/drill/drill.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, golden) {
		t.Error("docs/drill.md doesn't show testdata/drill/drill.txt")
	}
}

func TestADrillLeadsNodesThereAndBack(t *testing.T) {
	d := newDrilled(t)
	code, _, stderr := d.drill(append(everything, "--for", "5m")...)
	if code != 0 || len(d.values) != 2 || d.values[1] != "privatezone" {
		t.Fatalf("exit code %d, %q: %s", code, d.values, stderr)
	}
	sw, err := d.endpoint.ParseSwitch(d.values[0])
	if err != nil {
		t.Fatal(err)
	}
	left := time.Until(sw.Until)
	if strings.Join(sw.Nodes, " ") != "node-a node-g" || sw.From != (zone.Target{}) || sw.Reason != "drill" || sw.SetBy != "alice" || left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("the switch said %q", d.values[0])
	}
	if !strings.Contains(stderr, "to end it: kubectl ") {
		t.Errorf("stderr %s", stderr)
	}
	c := d.pod.Spec.Containers[0]
	if !d.deleted || d.pod.Spec.NodeName != "node-a" || c.Image != shared+"/demo/web:1" || c.ImagePullPolicy != corev1.PullAlways || len(c.Command) != 1 ||
		d.pod.Spec.ServiceAccountName != "web" || len(d.pod.Spec.ImagePullSecrets) != 1 {
		t.Errorf("deleted is %v: %+v", d.deleted, d.pod.Spec)
	}
	record, err := drill.ReadRecord(d.drills[shared])
	if err != nil {
		t.Fatal(err)
	}
	if at, there := record.LastSuccess("hangzhou", time.Now()); !there || time.Since(at) > time.Minute {
		t.Errorf("it is recorded as %+v", record)
	}
}

// TestTheTimeOfNodesBeginsWithTheirSwitch, however long the probers were waited for.
func TestTheTimeOfNodesBeginsWithTheirSwitch(t *testing.T) {
	d := newDrilled(t)
	d.late = 3
	if code, _, stderr := d.drill("--to", "hangzhou", "--nodes", "node-a", "--for", "1m"); code != 0 || len(d.values) != 2 {
		t.Fatalf("exit code %d, %q: %s", code, d.values, stderr)
	}
	sw, err := d.endpoint.ParseSwitch(d.values[0])
	if err != nil || sw.Until.Before(d.thrown.Add(58*time.Second)) {
		t.Errorf("it was thrown at %s, until %s: %v", d.thrown, sw.Until, err)
	}
}

// TestASignalLeadsTheNodesBack at once: they need not wait for the controller.
func TestASignalLeadsTheNodesBack(t *testing.T) {
	ours := make(chan os.Signal, 1)
	signal.Notify(ours, syscall.SIGTERM) // it ends the drill, and not the test
	defer signal.Stop(ours)
	d := newDrilled(t)
	d.stays = "node-a" // so that it goes on
	d.ends = func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	code, stdout, stderr := d.drill("--to", "hangzhou", "--nodes", "node-a", "--timeout", "20s")
	if code != 1 || d.value != "privatezone" || len(d.values) != 2 || !strings.Contains(stdout, "? switch ") || !strings.Contains(stderr, "the drill isn't recorded: ") || d.drills[shared] != "" {
		t.Errorf("exit code %d, %q, recorded %q\n%s\n%s", code, d.values, d.drills[shared], stdout, stderr)
	}
}

// TestAnswersThatAreLost are of an API server that has written the switch all the same.
func TestAnswersThatAreLost(t *testing.T) {
	for _, lost := range []int{1, 2} {
		d := newDrilled(t)
		d.lost = lost
		code, stdout, stderr := d.drill("--to", "hangzhou", "--nodes", "node-a")
		if code != 1 || d.value != "privatezone" || !strings.Contains(stdout, "? switch    no node was led there: ") || strings.Contains(stdout, "could not be led back") {
			t.Errorf("%d lost: exit code %d, the switch says %q\n%s\n%s", lost, code, d.value, stdout, stderr)
		}
	}
}

// TestADrillThatFindsTheSwitchEmptiedWritesNothing, as it has nothing to lead back.
func TestADrillThatFindsTheSwitchEmptiedWritesNothing(t *testing.T) {
	d := newDrilled(t)
	d.emptied = true
	code, stdout, _ := d.drill("--to", "hangzhou", "--nodes", "node-a")
	if code != 1 || len(d.values) > 0 || !strings.Contains(stdout, "? switch    no node was led there: --nodes: what the switch says isn't valid: ") {
		t.Errorf("exit code %d, it has written %q\n%s", code, d.values, stdout)
	}
}

// TestAProberThatIsGoneIsNotWaitedFor, by the API server's clock: by the one here its last
// report is yet to come.
func TestAProberThatIsGoneIsNotWaitedFor(t *testing.T) {
	d := newDrilled(t)
	d.behind = -time.Hour
	begin := time.Now()
	d.gone = new(metav1.NewMicroTime(begin.Add(time.Hour - 2*healthreport.Fresh)))
	code, stdout, stderr := d.drill("--to", "hangzhou", "--timeout", "20s")
	if took := time.Since(begin); code != 0 || took >= 20*time.Second {
		t.Errorf("exit code %d after %s\n%s\n%s", code, took, stdout, stderr)
	}
}

func TestHowADrillEnds(t *testing.T) {
	plain, quick := slices.Clip([]string{"--to", "hangzhou"}), slices.Clip([]string{"--to", "hangzhou", "--timeout", "300ms"})
	nodes := slices.Clip(append(quick, "--nodes", "node-a"))
	missing := readiness.DrilledImage{Image: shared + "/demo/old:1", Finding: "missing", Reason: "it isn't there"}
	waiting := corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "401"}}}
	misconfigured := corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerConfigError"}}}
	for sentence, test := range map[string]struct {
		edit           func(*drilled)
		args           []string
		code           int
		stdout, stderr string
		// unrecorded says that no success may be recorded.
		unrecorded bool
	}{
		"well":                            {nil, plain, 0, "  √ images    2 of 2 images were read with the pods' credentials, manifest and first layer, in 0.50 s each at most", "", false},
		"well, with another's old answer": {func(d *drilled) { d.drills[readiness.AnswerKey(shared)] = `{"id":"old","problem":"no"}` }, plain, 0, "√ images", "", false},
		"well, and isn't recorded": {
			func(d *drilled) { d.drills = nil; d.readOnly = true; d.silent = true }, quick, 1, "? images    no image was read: the controller can't be asked: no right to ", "the drill isn't recorded: ", true,
		},
		"an instance that doesn't do": {func(d *drilled) { d.level = healthreport.WrongIdentity }, plain, 1, "  × identity  0 of 3 probers see hangzhou/internal answer as itself\n      node-a: wrong-identity: so it is\n", "not proven: identity\n", true},
		"images that aren't there":    {func(d *drilled) { d.reads = append(d.reads, missing) }, plain, 1, "      " + shared + "/demo/old:1: missing: it isn't there\n", "not proven: images\n", true},
		"no image is known yet":       {func(d *drilled) { d.reads, d.problem = nil, "only 0 images are known" }, plain, 1, "? images    no image was read: only 0 images are known", "not proven: images\n", true},
		"well, where no image runs": {
			func(d *drilled) {
				d.reads, d.none = nil, true
			}, plain, 0, "- images    no workload names an image of the endpoint", "", false,
		},
		"a controller that is silent": {func(d *drilled) { d.silent = true }, quick, 1, "? images    no image was read: the controller has not answered within 300ms", "not proven: images\n", true},
		"nodes that aren't led to what isn't proven": {
			func(d *drilled) { d.level = healthreport.Slow }, nodes, 1, "? switch    no node was led there: identity isn't proven", "not proven: identity, switch\n", true,
		},
		"a node that doesn't follow": {func(d *drilled) { d.stays = "node-a" }, nodes, 1, "× switch    after 300ms: 2 of 3 nodes switched", "not proven: switch, serving\n", true},
		"a node that isn't ready": {
			func(d *drilled) {
				d.stays = "node-a"
				d.api[nodesPath].(corev1.NodeList).Items[0].Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse}}
			}, nodes, 1, "× switch    after 300ms: 2 of 3 nodes switched", "not proven: switch, serving\n", true,
		},
		"another instance that serves":                        {func(d *drilled) { d.serve = "zhangjiakou" }, nodes, 1, "× serving   0 of 1 prober there is served by hangzhou", "not proven: serving\n", true},
		"without the right to make a pod":                     {func(d *drilled) { d.state.Name = "forbidden" }, everything, 1, "? pull      no pod could be made: no right to ", "not proven: pull\n", true},
		"a pod that can't pull":                               {func(d *drilled) { d.state = waiting }, append(nodes, "--pod-namespace", "shop"), 1, "× pull      " + shared + "/demo/web:1 was not there on node-a after ", "not proven: pull\n", true},
		"without the right to throw":                          {func(d *drilled) { d.deny = true }, nodes, 1, "? switch    no node was led there: you may not throw the switch", "not proven: switch\n", true},
		"without the right to list nodes, which nobody needs": {func(d *drilled) { delete(d.api, nodesPath) }, plain, 0, "√ identity", "", false},
		"without the right to list nodes":                     {func(d *drilled) { delete(d.api, nodesPath) }, nodes, 2, "", "the nodes can't be listed: ", true},
		"where no node has a hosts file":                      {func(d *drilled) { configured(d.switched, `node: {hosts: "Off"}`) }, plain, 0, "√ identity  3 of 3", "", false},
		"a container that can't be configured":                {func(d *drilled) { d.state = misconfigured }, append(nodes, "--pod-namespace", "shop"), 0, "√ pull ", "", false},
		"another drill that comes between":                    {func(d *drilled) { d.silent, d.overtaken = true, true }, quick, 1, "? images    no image was read: another drill has asked the controller meanwhile", "not proven: images\n", true},
		"nothing wrong in a dry run":                          {func(d *drilled) { d.readOnly, d.deny = true, true }, append(everything, "--dry-run"), 0, "nothing is written or waited for", "", true},
		"a switch that is thrown":                             {func(d *drilled) { d.value = "hangzhou" }, nodes, 2, "", "--nodes: all nodes are led to hangzhou/internal already: there is nothing to move", true},
		"a switch of a share":                                 {func(d *drilled) { d.value = "to: hangzhou\nfrom: privatezone\nshare: 10" }, nodes, 2, "", "--nodes: the switch leads some nodes elsewhere already, or ends at a time", true},
		"a switch that isn't valid":                           {func(d *drilled) { d.value = "hangzou" }, nodes, 2, "", "--nodes: what the switch says isn't valid: ", true},
		"a node that isn't there":                             {nil, []string{"--to", "hangzhou", "--nodes", "gone"}, 2, "", "--nodes: there is no node gone with a hosts file", true},
		"nodes without a hosts file":                          {func(d *drilled) { configured(d.switched, `node: {hosts: "Off"}`) }, nodes, 2, "", "--nodes: node.hosts is Off", true},
		"nowhere to go":                                       {nil, nil, 2, "", "drill needs --to", true},
		"PrivateZone, which proves nothing":                   {nil, []string{"--to", "privatezone"}, 2, "", `--to "privatezone": must be one of hangzhou, `, true},
		"sense: a sample of everything":                       {nil, append(plain, "--sample", "21"), 2, "", "--sample 21: must be 1 to 20", true},
		"sense: a time for no node":                           {nil, append(plain, "--for", "5m"), 2, "", "belong to --nodes", true},
		"sense: a pod without a node":                         {nil, append(plain, "--pod-namespace", "shop"), 2, "", "belong to --nodes", true},
		"sense: nodes for a second":                           {nil, append(nodes, "--for", "1s"), 2, "", "--for 1s: must be a minute to a day", true},
		"sense: nodes that can't be names":                    {nil, append(plain, "--nodes", "a b"), 2, "", `--nodes "a b": must be names`, true},
		"sense: an argument":                                  {nil, append(plain, "now"), 2, "", `unexpected argument "now"`, true},
		"the primary, before a failback to it":                {func(d *drilled) { d.value = "hangzhou" }, []string{"--to", "zhangjiakou", "--dry-run"}, 0, "cross-region.registry.io to zhangjiakou/internal", "", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := newDrilled(t)
			if test.edit != nil {
				test.edit(d)
			}
			before := d.value
			code, stdout, stderr := d.drill(test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
			}
			if (stdout == "") != (test.stdout == "") {
				t.Errorf("stdout %s", stdout)
			}
			if d.value != before || d.pod != nil && !d.deleted {
				t.Errorf("it leaves the switch at %q, and a pod: %v", d.value, d.pod != nil && !d.deleted)
			}
			record, _ := drill.ReadRecord(d.drills[shared])
			if _, there := record.LastSuccess("hangzhou", time.Now()); there == test.unrecorded {
				t.Errorf("a success is recorded: %v", there)
			}
		})
	}
}
