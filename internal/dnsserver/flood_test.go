package dnsserver

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
)

// A sender at its maximum that reads no reply costs no goroutine and no memory.
func TestAFloodCostsNothingThatStays(t *testing.T) {
	for sentence, packet := range map[string]func(i int) []byte{
		"of ordinary queries": floodOf(t, "v4.registry.io."),
		"of other names":      floodOf(t, "example.com."),
		"of any bytes":        anyBytes,
	} {
		t.Run(sentence, func(t *testing.T) {
			server := start(t, "127.0.0.1:0", nil)
			sender, err := net.Dial("udp4", server.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			batches := ipv4.NewPacketConn(sender.(net.PacketConn))
			messages := make([]ipv4.Message, batchSize)

			answerBeside(t, server)
			goroutines, heap := runtime.NumGoroutine(), liveHeap()
			for sent := 0; sent < 30_000; sent += len(messages) {
				for i := range messages {
					messages[i].Buffers = [][]byte{packet(sent + i)}
				}
				if _, err := batches.WriteBatch(messages, 0); err != nil {
					t.Fatal(err)
				}
				if now := runtime.NumGoroutine(); now > goroutines {
					t.Fatalf("%d goroutines, %d before", now, goroutines)
				}
			}
			if grown := int64(liveHeap()) - int64(heap); grown > 1<<20 {
				t.Errorf("the heap has grown by %d bytes", grown)
			}
			answerBeside(t, server)
		})
	}
}

// answerBeside asks until there is an answer: a flood fills the socket's queue,
// and what doesn't fit is dropped.
func answerBeside(t *testing.T, server *Server) {
	t.Helper()
	packet, err := query("v4.registry.io.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := send(t, UDP, server.Addr().String(), packet, 100*time.Millisecond); err == nil {
			return
		}
	}
	t.Fatal("no answer")
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func floodOf(t *testing.T, name string) func(int) []byte {
	t.Helper()
	packet, err := query(name, dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	return func(int) []byte { return packet }
}

func anyBytes(i int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(i)))
	packet := make([]byte, headerSize+i%64)
	for begin := 0; begin+8 <= len(packet); begin += 8 {
		binary.BigEndian.PutUint64(packet[begin:], random.Uint64())
	}
	if i%2 == 0 {
		copy(packet[2:headerSize], []byte{1, 0, 0, 1, 0, 0, 0, 0, 0, 1}) // so that the rest is looked at
	}
	return packet
}
