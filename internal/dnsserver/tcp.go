package dnsserver

import (
	"context"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxConnections is how many TCP connections are open at once. Each has a
// goroutine and a few KiB. Cluster DNS needs a few, for replies that were truncated.
const maxConnections = 512

// A tcpServer answers on connections, at most maxConnections at once: one more
// takes the place of the idlest.
type tcpServer struct {
	answerer
	listener net.Listener
	places   chan struct{} // has one token for each connection and its goroutine
	ending   atomic.Bool

	mu   sync.Mutex
	open map[*tcpConn]struct{}
}

func newTCPServer(listener net.Listener, a answerer) *tcpServer {
	return &tcpServer{
		answerer: a, listener: listener,
		places: make(chan struct{}, maxConnections), open: map[*tcpConn]struct{}{},
	}
}

// serve accepts until ctx ends, and returns when every connection has ended.
func (s *tcpServer) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	defer s.end()
	for {
		conn, err := s.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case isPassing(err):
			pause(ctx)
			continue
		case err != nil:
			return fmt.Errorf("could not accept DNS connections: %w", err)
		}
		s.takePlace()
		until, cancel := context.WithCancel(ctx)
		c := &tcpConn{Conn: conn, tcpServer: s, cancel: cancel}
		c.idleSince.Store(neverAsked(time.Now()))
		s.add(c)
		connections.Go(func() {
			defer func() { <-s.places }()
			defer s.remove(c)
			c.serve(until)
		})
	}
}

// takePlace waits until a connection may be opened. All are busy or idle, none
// is precious: the idlest is closed, and its goroutine ends at once.
func (s *tcpServer) takePlace() {
	select {
	case s.places <- struct{}{}:
	default:
		s.closeIdlest()
		s.places <- struct{}{}
	}
}

func (s *tcpServer) closeIdlest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var idlest *tcpConn
	since := int64(math.MaxInt64)
	for c := range s.open {
		if t := c.idleSince.Load(); t < since {
			idlest, since = c, t
		}
	}
	if idlest != nil {
		delete(s.open, idlest) // so that it isn't chosen twice
		_ = idlest.Close()
	}
}

func (s *tcpServer) add(c *tcpConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = struct{}{}
}

func (s *tcpServer) remove(c *tcpConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	_ = c.Close()
}

// end takes no more connections and no more queries. Replies under way finish.
func (s *tcpServer) end() {
	s.ending.Store(true)
	_ = s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.SetReadDeadline(passed)
	}
}
