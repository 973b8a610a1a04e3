package admission_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// TestAConnectionThatIsKeptIsGivenUpByItsClient: whoever closes it first while
// a request is on its way has it lost, and a pod unrewritten.
func TestAConnectionThatIsKeptIsGivenUpByItsClient(t *testing.T) {
	crt, key := pair(t, 1)
	for sentence, http2 := range map[string]bool{"HTTP/2": true, "HTTP/1.1": false} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, crt, key)
			s := serve(t, dir, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(s *admission.Server) { s.SetDrain(time.Minute) })
			c := client(t, crt, http2)
			post := func() (closes bool) {
				t.Helper()
				answer, err := c.Post("https://"+s.Addr(), "application/json", nil)
				must(t, err)
				_, err = io.Copy(io.Discard, answer.Body)
				must(t, err)
				must(t, answer.Body.Close())
				return answer.Close
			}
			if post() {
				t.Error("the connection isn't kept")
			}
			ended := make(chan error, 1)
			go func() { ended <- s.end() }()
			for !s.Draining() {
				time.Sleep(time.Millisecond)
			}
			if closes := post(); closes == http2 { // HTTP/2 says it by a GOAWAY
				t.Errorf("the last answer says that the connection closes: %t", closes)
			}
			select {
			case err := <-ended:
				must(t, err)
			case <-time.After(20 * time.Second):
				t.Error("it waits for a connection that its client has given up")
			}
		})
	}
}

func TestShutdown(t *testing.T) {
	crt, key := pair(t, 1)

	t.Run("lets an open request finish", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, crt, key)
		asked, goOn := make(chan struct{}), make(chan struct{})
		s := serve(t, dir, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(asked)
			<-goOn
			_, _ = io.WriteString(w, "finished")
		}))
		answers := make(chan string, 1)
		go func() {
			answer, err := client(t, crt, true).Get("https://" + s.Addr())
			if err != nil {
				answers <- err.Error()
				return
			}
			defer answer.Body.Close()
			text, _ := io.ReadAll(answer.Body)
			answers <- string(text)
		}()
		<-asked
		ended := make(chan error, 1)
		go func() { ended <- s.end() }()
		for { // until the end has begun
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				break
			}
			c.Close()
		}
		select {
		case err := <-ended:
			t.Errorf("Serve returned %v with a request open", err)
		default:
		}
		close(goOn)
		compare(t, "finished", <-answers)
		must(t, <-ended)
	})

	t.Run("cuts off a request that doesn't come", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, crt, key)
		reading := make(chan struct{})
		s := serve(t, dir, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(reading)
			_, _ = io.ReadAll(r.Body)
		}))
		c, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true})
		must(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
		must(t, err)
		<-reading
		must(t, s.end())
		if _, err := bufio.NewReader(c).ReadByte(); err == nil {
			t.Error("the connection is still served")
		}
	})
}
