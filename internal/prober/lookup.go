package prober

import (
	"context"
	"net"
	"time"
)

// servers is how many DNS servers are asked within the time of one lookup: as many as
// resolvers read from resolv.conf(5).
const servers = 3

// systemResolver looks names up as the system does, by its hosts file and its DNS servers,
// but gives each server only its share of the limit. Go's own gives it the 5 s of
// resolv.conf(5), so that one dead server of several would use up the whole lookup.
func systemResolver(limit time.Duration) *net.Resolver {
	return resolverBy(func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialServer(ctx, network, address, limit/servers)
	})
}

func resolverBy(dial func(ctx context.Context, network, address string) (net.Conn, error)) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: dial}
}

// dialServer opens a connection to a DNS server that waits only so long for an answer.
func dialServer(ctx context.Context, network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if datagrams, ok := conn.(*net.UDPConn); ok { // net tells by its methods what goes over it
		return hastyUDP{datagrams, limit}, nil
	}
	return hasty{conn, limit}, nil
}

type hasty struct {
	net.Conn
	limit time.Duration
}

func (c hasty) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(sooner(t, c.limit)) }

type hastyUDP struct {
	*net.UDPConn
	limit time.Duration
}

func (c hastyUDP) SetDeadline(t time.Time) error { return c.UDPConn.SetDeadline(sooner(t, c.limit)) }

// sooner is the deadline, or the end of the limit where that comes before.
func sooner(deadline time.Time, limit time.Duration) time.Time {
	end := time.Now().Add(limit)
	if deadline.IsZero() || end.Before(deadline) {
		return end
	}
	return deadline
}
