package inputs

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

const testNamespace = "registry-failover"

// fakeAPI answers get, list and watch of ConfigMaps as the API server documents
// it, to somebody whose Role has resourceNames.
type fakeAPI struct {
	t       *testing.T
	address string
	server  *httptest.Server

	mu        sync.Mutex
	version   int
	objects   map[string]map[string]string
	uninstall string // the annotation's value on every object; set it before the object
	history   []change
	compacted int           // versions below are gone
	news      chan struct{} // closed and made anew with every change
	cut       chan struct{} // closed and made anew to end all watches
	refuse    func(verb, name string) int
	token     string         // the one that is valid
	sayings   chan saying    // what watches that are cut say at last
	asked     map[string]int // requests by "verb name"
}

type change struct {
	version    int
	kind, name string
	data       map[string]string
	uninstall  string
}

func newFakeAPI(t *testing.T) *fakeAPI {
	f := &fakeAPI{
		t: t, address: "127.0.0.1:0", version: 100, objects: map[string]map[string]string{}, asked: map[string]int{},
		news: make(chan struct{}), cut: make(chan struct{}), refuse: func(string, string) int { return 0 },
		token: "token", sayings: make(chan saying, 1),
	}
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *fakeAPI) start() {
	f.t.Helper()
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.address = listener.Addr().String()
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(f.answer))
	_ = f.server.Listener.Close()
	f.server.Listener = listener
	f.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	// With HTTP/1.1 a broken connection is an EOF, which the REST client hides.
	f.server.EnableHTTP2 = !strings.Contains(f.t.Name(), "proxy")
	f.server.StartTLS()
}

func (f *fakeAPI) stop() {
	f.server.CloseClientConnections()
	f.server.Close()
}

func (f *fakeAPI) config() *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.server.Certificate().Raw})
	return &rest.Config{Host: "https://" + f.address, BearerToken: "token", TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

// set creates or changes a ConfigMap; nil data deletes it.
func (f *fakeAPI) set(name string, data map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	_, there := f.objects[name]
	c := change{f.version, "ADDED", name, data, f.uninstall}
	switch {
	case data == nil:
		c.kind, c.data = "DELETED", f.objects[name]
		delete(f.objects, name)
	case there:
		c.kind = "MODIFIED"
		fallthrough
	default:
		f.objects[name] = data
	}
	f.history = append(f.history, c)
	close(f.news)
	f.news = make(chan struct{})
}

// annotate makes the objects that are set from now on carry the annotation; "" makes them carry none.
func (f *fakeAPI) annotate(value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uninstall = value
}

func (f *fakeAPI) cutWatches() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.cut)
	f.cut = make(chan struct{})
}

func (f *fakeAPI) compact() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.compacted = f.version + 1
	f.version += 10
}

// restore makes the versions begin anew, with nothing but one object.
func (f *fakeAPI) restore(version int, name string, data map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version, f.compacted, f.history = version, 0, nil
	f.objects = map[string]map[string]string{name: data}
}

// demand makes another token the valid one.
func (f *fakeAPI) demand(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.token = token
}

type saying struct {
	text string
	said chan struct{}
}

// say has a watch say something before it ends, and returns then.
func (f *fakeAPI) say(text string) {
	said := make(chan struct{})
	f.sayings <- saying{text, said}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for { // a watch may not have begun yet
		f.cutWatches()
		select {
		case <-said:
			return
		case <-tick.C:
		}
	}
}

// dropped is the status of a request whose connection is closed without an answer.
const dropped = -1

// refusing makes requests fail with the status that the function gives; 0 lets them through.
func (f *fakeAPI) refusing(with func(verb, name string) int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = with
}

func (f *fakeAPI) count(request string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[request]
}

func (f *fakeAPI) answer(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/"+testNamespace+"/configmaps")
	verb, name := "get", strings.TrimPrefix(rest, "/")
	if name == "" {
		verb = "list"
		if query.Get("watch") == "true" || query.Get("watch") == "1" {
			verb = "watch"
		}
		name, _ = strings.CutPrefix(query.Get("fieldSelector"), "metadata.name=")
	}
	f.mu.Lock()
	f.asked[verb+" "+name]++
	status := f.refuse(verb, name)
	data, there := f.objects[name]
	version, uninstall, token := f.version, f.uninstall, f.token
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case status == dropped:
		panic(http.ErrAbortHandler)
	case !ok || r.Header.Get("Authorization") != "Bearer "+token:
		fail(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	case status == http.StatusForbidden, name != SwitchName && name != StateName:
		fail(w, http.StatusForbidden, "Forbidden", fmt.Sprintf("configmaps %q is forbidden: User \"node\" cannot %s resource \"configmaps\"", name, verb))
	case status != 0:
		fail(w, status, "InternalError", "something broke")
	case verb == "list" && query.Has("resourceVersion"):
		fail(w, http.StatusInternalServerError, "InternalError", "a list from a cache may be old")
	case verb == "watch":
		f.watch(w, r, name)
	case verb == "get" && !there:
		fail(w, http.StatusNotFound, "NotFound", fmt.Sprintf("configmaps %q not found", name))
	case verb == "get":
		reply(w, object(name, version, data, uninstall))
	default:
		items := []any{}
		if there {
			items = append(items, object(name, version, data, uninstall))
		}
		reply(w, map[string]any{
			"kind": "ConfigMapList", "apiVersion": "v1",
			"metadata": map[string]any{"resourceVersion": strconv.Itoa(version)}, "items": items,
		})
	}
}

func (f *fakeAPI) watch(w http.ResponseWriter, r *http.Request, name string) {
	since, err := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	if err != nil || r.URL.Query().Get("timeoutSeconds") == "" {
		fail(w, http.StatusBadRequest, "BadRequest", "a watch should say from where and for how long")
		return
	}
	f.mu.Lock()
	cut, now := f.cut, f.version
	f.mu.Unlock()
	if since > now {
		tooLarge := failure(http.StatusGatewayTimeout, "Timeout", fmt.Sprintf("Too large resource version: %d, current: %d", since, now))
		tooLarge["details"] = map[string]any{"causes": []any{map[string]any{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}}}
		w.WriteHeader(http.StatusGatewayTimeout)
		reply(w, tooLarge)
		return
	}
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for {
		f.mu.Lock()
		gone, news := since < f.compacted, f.news
		var due []change
		for _, c := range f.history {
			if c.version > since && c.name == name {
				due = append(due, c)
			}
		}
		since = max(since, f.version)
		f.mu.Unlock()
		if gone {
			reply(w, map[string]any{"type": "ERROR", "object": failure(http.StatusGone, "Expired", "too old resource version")})
			return
		}
		for _, c := range due {
			reply(w, map[string]any{"type": c.kind, "object": object(name, c.version, c.data, c.uninstall)})
		}
		w.(http.Flusher).Flush()
		select {
		case <-news:
		case <-cut:
			select {
			case last := <-f.sayings:
				_, _ = io.WriteString(w, last.text)
				close(last.said)
				return
			default:
			}
			panic(http.ErrAbortHandler) // the connection breaks without an end
		case <-r.Context().Done():
			return
		}
	}
}

func object(name string, version int, data map[string]string, uninstall string) map[string]any {
	metadata := map[string]any{"name": name, "namespace": testNamespace, "resourceVersion": strconv.Itoa(version)}
	if uninstall != "" {
		metadata["annotations"] = map[string]any{UninstallAnnotation: uninstall}
	}
	return map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "data": data, "metadata": metadata}
}

func failure(code int, reason, message string) map[string]any {
	return map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{},
		"status": "Failure", "code": code, "reason": reason, "message": message,
	}
}

func fail(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	reply(w, failure(code, reason, message))
}

func reply(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
