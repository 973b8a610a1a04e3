package dnsserver

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// receiveSize is how long a query may be. Clients are told udpSize; those
	// that send a little more, with padding for example, are understood too.
	receiveSize = 4096
	// batchSize is how many packets one system call takes, where the system can:
	// Linux; elsewhere it is one.
	batchSize = 32
)

// batchSocket is a UDP socket of either family.
type batchSocket interface {
	ReadBatch(messages []ipv4.Message, flags int) (int, error)
	WriteBatch(messages []ipv4.Message, flags int) (int, error)
}

// A udpReader answers what comes in at one socket, in one goroutine and with
// the memory that it begins with; what others must be asked for has goroutines
// of its own.
type udpReader struct {
	answerer
	socket   batchSocket
	source   replySource
	received [batchSize]ipv4.Message
	replies  [batchSize]ipv4.Message
	asking   sync.WaitGroup
}

func newUDPReader(conn *net.UDPConn, a answerer) (*udpReader, error) {
	local := conn.LocalAddr().(*net.UDPAddr)
	r := &udpReader{answerer: a}
	var controlSize int
	if local.IP.To4() != nil {
		r.socket = ipv4.NewPacketConn(conn)
	} else {
		r.socket = ipv6.NewPacketConn(conn)
	}
	if local.IP.IsUnspecified() {
		if err := tellDestinations(conn); err != nil {
			return nil, fmt.Errorf("could not ask for the addresses that queries on %s were sent to: %w", local, err)
		}
		controlSize = destinationSize
	}
	for i := range r.received {
		r.received[i].Buffers = [][]byte{make([]byte, receiveSize)}
		r.received[i].OOB = make([]byte, controlSize)
		r.replies[i].Buffers = [][]byte{make([]byte, 0, udpSize)}
	}
	return r, nil
}

// serveUDP answers until ctx ends, and closes the socket.
func serveUDP(ctx context.Context, conn *net.UDPConn, a answerer) error {
	defer conn.Close()
	r, err := newUDPReader(conn, a)
	if err != nil {
		return err
	}
	defer r.asking.Wait()
	// Not closed, so that replies under way are sent.
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetReadDeadline(passed)
		_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	})
	defer stop()
	for {
		n, err := r.socket.ReadBatch(r.received[:], 0)
		switch {
		case ctx.Err() != nil:
			return nil
		case isPassing(err):
			pause(ctx)
		case err != nil:
			return fmt.Errorf("could not read DNS queries: %w", err)
		}
		r.write(r.replies[:r.answerAll(ctx, r.received[:n])])
	}
}

// answerAll fills in the replies and returns how many there are. Those that
// others must be asked for are sent when they come.
func (r *udpReader) answerAll(ctx context.Context, received []ipv4.Message) int {
	n := 0
	for i := range received {
		query, reply := &received[i], &r.replies[n]
		packet, below := r.answer(reply.Buffers[0][:0], query.Buffers[0][:query.N])
		if below != nil {
			later := ipv4.Message{Addr: query.Addr, OOB: r.source.of(query.OOB[:query.NN])}
			r.asking.Go(func() {
				if packet := r.askBelow(ctx, below); len(packet) > 0 {
					later.Buffers = [][]byte{packet}
					r.write([]ipv4.Message{later})
				}
			})
			continue
		}
		if len(packet) == 0 {
			continue
		}
		reply.Buffers[0], reply.Addr, reply.OOB = packet, query.Addr, r.source.of(query.OOB[:query.NN])
		n++
	}
	return n
}

// write sends each reply or, where the system refuses one, the others: nobody
// is left to be told.
func (r *udpReader) write(replies []ipv4.Message) {
	for len(replies) > 0 {
		sent, err := r.socket.WriteBatch(replies, 0)
		if err != nil {
			sent = max(sent, 0) + 1
		}
		replies = replies[sent:]
	}
}
