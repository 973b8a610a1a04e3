package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/test/bench/program"
)

// An asker sends A queries for the endpoint, one after the other, from one socket.
type asker struct {
	conn  *dns.Conn
	query *dns.Msg
}

func newAsker(addr string) (*asker, error) {
	conn, err := dns.Dial("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("could not reach %s: %w", addr, err)
	}
	return &asker{conn: conn, query: new(dns.Msg).SetQuestion(endpoint+".", dns.TypeA)}, nil
}

func (a *asker) close() { _ = a.conn.Close() }

// ask returns the first address of the answer, "" when it has none.
func (a *asker) ask() (string, error) {
	a.query.Id = dns.Id()
	if err := a.conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if err := a.conn.WriteMsg(a.query); err != nil {
		return "", err
	}
	reply, err := a.conn.ReadMsg()
	if err != nil {
		return "", err
	}
	if reply.Id == a.query.Id {
		for _, record := range reply.Answer {
			if address, ok := record.(*dns.A); ok {
				return address.A.String(), nil
			}
		}
	}
	return "", nil
}

// awaitAnswer waits until a program that was just started, or flooded, gives the
// address, or with "" any.
func (s *server) awaitAnswer(ctx context.Context, address string) error {
	for deadline := time.Now().Add(program.StartTimeout); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		a, err := newAsker(s.addr)
		if err != nil {
			return err
		}
		got, err := a.ask()
		a.close()
		if err == nil && (got == address || address == "" && got != "") {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer %s with %s within %v", s.addr, endpoint, cmp.Or(address, "an address"), program.StartTimeout)
}
