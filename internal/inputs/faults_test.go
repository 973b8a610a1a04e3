package inputs

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestKubeSurvivesWhatAWatchSays has watches say what they shouldn't, once. What was read
// stays, and the next change arrives.
func TestKubeSurvivesWhatAWatchSays(t *testing.T) {
	const event = `{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"registry-failover","namespace":"registry-failover","resourceVersion":"102"},"data":{"reg.example.com":"wrong"}}}`
	for sentence, said := range map[string]string{
		"nothing":                         "",
		"an empty line":                   "\n",
		"half an event":                   event[:len(event)/2],
		"no JSON":                         "<html>bad gateway</html>\n",
		"zeroes":                          string(make([]byte, 1000)),
		"a word":                          `"MODIFIED"` + "\n",
		"null":                            "null\n",
		"an event without an object":      `{"type":"MODIFIED"}` + "\n",
		"an object that is null":          `{"type":"MODIFIED","object":null}` + "\n",
		"an object without kind":          `{"type":"MODIFIED","object":{}}` + "\n",
		"an event of no known type":       `{"type":"REPLACED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"}}}` + "\n",
		"data of another type":            `{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"9"},"data":[1]}}` + "\n",
		"a Secret":                        `{"type":"MODIFIED","object":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"registry-failover"}}}` + "\n",
		"410 Gone":                        `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":410,"reason":"Expired"}}` + "\n",
		"an error of the API server":      `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":500,"reason":"InternalError"}}` + "\n",
		"an error that says no more":      `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1"}}` + "\n",
		"an error that is no Status":      `{"type":"ERROR","object":{"kind":"ConfigMap","apiVersion":"v1"}}` + "\n",
		"a bookmark that says no version": `{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{}}}` + "\n",
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t)
			f.set(SwitchName, value("hangzhou"))
			r := runKube(t, f, false)
			r.await("the switch is read", good("hangzhou"))
			f.say(said)
			f.set(SwitchName, value("zhangjiakou"))
			r.await("the change arrives", good("zhangjiakou"))
			for _, s := range r.all {
				if got := s.Switch.Values["reg.example.com"]; s.Switch.Known && got != "hangzhou" && got != "zhangjiakou" {
					t.Errorf("in between the switch is %q: %+v", got, s.Switch)
				}
			}
		})
	}
}

// TestKubeTellsWhatTheAPIServerAnswers has every request of a while answered with a status.
func TestKubeTellsWhatTheAPIServerAnswers(t *testing.T) {
	for _, status := range []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			f := newFakeAPI(t)
			f.set(SwitchName, value("hangzhou"))
			r := runKube(t, f, false)
			r.await("the switch is read", good("hangzhou"))
			f.refusing(func(string, string) int { return status })
			f.cutWatches()
			r.await("it is told and the value stays", bad("hangzhou", "has failed since 20", "what was read before stays"))
			f.set(SwitchName, value("zhangjiakou"))
			f.refusing(func(string, string) int { return 0 })
			back := time.Now()
			r.await("the change is seen", func(s Snapshot) bool { return s.Switch.Values["reg.example.com"] == "zhangjiakou" })
			if took := time.Since(back); took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			if last := r.all[len(r.all)-1]; last.Switch.Problem != "" {
				r.await("the problem is gone", good("zhangjiakou"))
			}
		})
	}
}

// TestKubeFollowsAnAPIServerThatWentBackInTime is about etcd restored from a
// backup: versions are lower than those that were seen, and what they hold counts.
func TestKubeFollowsAnAPIServerThatWentBackInTime(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	r := runKube(t, f, true)
	r.await("the switch is read", good("hangzhou"))
	f.stop()
	f.restore(7, SwitchName, value("zhangjiakou"))
	f.start()
	r.await("what the backup holds is read", good("zhangjiakou"))
	f.set(SwitchName, value("privatezone"))
	r.await("the watch works", good("privatezone"))
}

func TestKubeSeesTheLastOfManyChanges(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	r := runKube(t, f, true)
	r.await("the switch is read", good("hangzhou"))
	for i := range 100 {
		f.set(SwitchName, value(fmt.Sprint(i)))
		if i%10 == 0 {
			f.set(SwitchName, nil)
		}
	}
	r.await("the last one counts", good("99"))
}

func TestKubeDeliversAnEmptyValueAsItIs(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	r := runKube(t, f, true)
	r.await("the switch is read", good("hangzhou"))
	f.set(SwitchName, value(""))
	r.await("it is empty", good(""))
	f.set(SwitchName, map[string]string{})
	r.await("it has no key", func(s Snapshot) bool { return s.Switch.equal(Object{Known: true}) })
}

// TestKubeUsesTheNewToken is about a projected token: kubelet replaces the file, and the old
// token is valid no more.
func TestKubeUsesTheNewToken(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	config := f.config()
	config.BearerToken, config.BearerTokenFile = "", filepath.Join(t.TempDir(), "token")
	write(t, config.BearerTokenFile, "token")
	r := runKubeWith(t, config, true)
	r.await("the switch is read", good("hangzhou"))
	f.demand("newer")
	write(t, config.BearerTokenFile, "newer")
	f.cutWatches()
	f.set(SwitchName, value("zhangjiakou"))
	r.await("the change is seen", good("zhangjiakou"))
}

// wire carries connections to an API server until it is frozen: then it takes
// what is sent, and no byte comes back. The kernel says that all is well.
type wire struct {
	net.Listener
	mu     sync.Mutex
	frozen chan struct{}
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: listener, frozen: make(chan struct{})}
	var running sync.WaitGroup
	var conns []net.Conn
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			w.mu.Lock()
			frozen := w.frozen
			conns = append(conns, client, server)
			w.mu.Unlock()
			running.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
			running.Go(func() { carry(client, server, frozen); _ = client.Close() })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		running.Wait()
	})
	return w
}

// carry drops what comes once it is frozen.
func carry(to io.Writer, from io.Reader, frozen <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		select {
		case <-frozen:
		default:
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

// freeze stops the connections that there are; new ones work.
func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.frozen)
	w.frozen = make(chan struct{})
}

// TestKubeLeavesAnAPIServerThatHangs is about one of several API servers that hangs: its
// kernel still acknowledges, but a switch that is thrown at another would not arrive.
func TestKubeLeavesAnAPIServerThatHangs(t *testing.T) {
	t.Parallel()
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	w := newWire(t, f.address)
	config := f.config()
	config.Host = "https://" + w.Addr().String()
	r := runKubeWith(t, config, false)
	r.await("the switch is read", good("hangzhou"))
	w.freeze()
	hung := time.Now()
	f.set(SwitchName, value("zhangjiakou"))
	r.awaitWithin(time.Minute, "the change is seen", good("zhangjiakou"))
	if took := time.Since(hung); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestKubeBearsAWatchThatDropsEverySecond breaks the connection every second. Changes arrive
// soon all the same, the API server isn't asked more often than it drops, and no
// goroutine or socket is left of it.
func TestKubeBearsAWatchThatDropsEverySecond(t *testing.T) {
	f := newFakeAPI(t)
	f.set(SwitchName, value("hangzhou"))
	r := runKube(t, f, false)
	r.await("the switch is read", good("hangzhou"))
	files := func() int {
		open, _ := os.ReadDir("/proc/self/fd") // there is none on other systems
		return len(open)
	}
	goroutines, open := runtime.NumGoroutine(), files()
	drop := time.NewTicker(time.Second)
	defer drop.Stop()
	const drops = 8
	for i := range drops {
		<-drop.C
		f.cutWatches()
		text := fmt.Sprint("change ", i)
		f.set(SwitchName, value(text))
		changed := time.Now()
		r.await(text, func(s Snapshot) bool { return s.Switch.Values["reg.example.com"] == text })
		if took := time.Since(changed); took > 3*time.Second {
			t.Errorf("%s took %v", text, took)
		} else {
			t.Log(text, "took", took)
		}
	}
	if lists, watches := f.count("list "+SwitchName), f.count("watch "+SwitchName); lists > 2*drops || watches > 2*drops {
		t.Errorf("%d lists and %d watches for %d drops", lists, watches, drops)
	}
	// One connection more or less is being made or given up.
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines+5 || files() > open+2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines and %d files are %d and %d now", goroutines, open, runtime.NumGoroutine(), files())
		}
	}
}
