package dnsserver

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// TCP clients get these times: to send the first query, to take a reply, and
// between two queries of one connection.
const (
	readTimeout  = 2 * time.Second
	writeTimeout = 2 * time.Second
	idleTimeout  = 10 * time.Second
)

const (
	lengthSize = 2 // before each message, RFC 1035 section 4.2.2
	// smallBuffer is what a connection reads into until a query, or many at once,
	// need more: most that are open are idle.
	smallBuffer = 512
	// flushSize is how many bytes of replies are collected before they are sent.
	flushSize = 4096
)

// A tcpConn answers the queries of one connection in their order: all that have
// come in one go are read by one system call, and answered by one (RFC 7766
// sections 6.2.1.1 and 7). Those that others must be asked for come when they do.
type tcpConn struct {
	net.Conn
	*tcpServer
	cancel    context.CancelFunc // ends what is asked for the connection
	idleSince atomic.Int64       // Unix time in nanoseconds of the last query
	replies   []byte
	sending   sync.Mutex
	asking    sync.WaitGroup
}

// Close also ends what is asked for the connection.
func (c *tcpConn) Close() error {
	c.cancel()
	return c.Conn.Close()
}

// neverAsked is when a connection counts as idle from that was made now and
// asked nothing: longer than any that did, because connecting is cheap.
func neverAsked(now time.Time) int64 { return now.Add(-idleTimeout).UnixNano() }

// serve answers until the client ends, is too slow, or sends what is no query.
func (c *tcpConn) serve(ctx context.Context) {
	// A client may end its side and still read.
	defer c.asking.Wait()
	received := make([]byte, smallBuffer)
	size, timeout := 0, readTimeout
	for {
		// The time is for a whole query: bytes that drip in don't prolong it.
		if err := c.SetReadDeadline(time.Now().Add(timeout)); err != nil || c.ending.Load() {
			return
		}
		for done := 0; done == 0; {
			n, err := c.Read(received[size:])
			size += n
			var ok bool
			if done, ok = c.answerAll(ctx, received[:size]); !ok || err != nil {
				return
			}
			rest := received[done:size]
			if size == smallBuffer && len(received) == smallBuffer {
				received = make([]byte, lengthSize+receiveSize)
			}
			size = copy(received, rest)
		}
		timeout = idleTimeout
	}
}

// answerAll answers the queries that are there as a whole and returns how many
// bytes they have. It is not ok when the connection is of no more use.
func (c *tcpConn) answerAll(ctx context.Context, received []byte) (done int, ok bool) {
	for {
		rest := received[done:]
		if len(rest) < lengthSize {
			break
		}
		size := int(binary.BigEndian.Uint16(rest))
		if size > receiveSize {
			c.flush()
			return done, false
		}
		if len(rest) < lengthSize+size {
			break
		}
		if done == 0 { // before the reply: who has one may count on its place
			c.idleSince.Store(time.Now().UnixNano())
		}
		c.reply(ctx, rest[lengthSize:lengthSize+size])
		done += lengthSize + size
		if len(c.replies) >= flushSize && !c.flush() {
			return done, false
		}
	}
	return done, c.flush()
}

// reply puts the reply to a query, behind its length, to those to be sent.
func (c *tcpConn) reply(ctx context.Context, query []byte) {
	begin := len(c.replies)
	out, below := c.answer(append(c.replies, 0, 0), query)
	if below != nil { // whose two bytes for the length are written over
		c.asking.Go(func() {
			if packet := c.askBelow(ctx, below); len(packet) > 0 {
				c.send(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...))
			}
		})
		return
	}
	size := len(out) - begin - lengthSize
	if size == 0 {
		return
	}
	binary.BigEndian.PutUint16(out[begin:], uint16(size))
	c.replies = out
}

// flush sends the replies.
func (c *tcpConn) flush() bool {
	if len(c.replies) == 0 {
		return true
	}
	sent := c.send(c.replies)
	c.replies = c.replies[:0]
	if cap(c.replies) > 2*flushSize {
		c.replies = nil // a long reply is rare, its memory isn't kept
	}
	return sent
}

// send sends whole replies. A client that doesn't take them is given up: where
// half of one was sent, nothing can follow.
func (c *tcpConn) send(replies []byte) bool {
	c.sending.Lock()
	defer c.sending.Unlock()
	err := c.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = c.Write(replies)
	}
	if err != nil {
		_ = c.Close()
	}
	return err == nil
}
