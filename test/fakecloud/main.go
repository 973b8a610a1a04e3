// Command fakecloud plays Alibaba Cloud's API for a person or a demo, as
// package cloud does for tests: PrivateZone, ACR and STS over HTTPS, the metadata
// service of an ECS instance and the administration of faults over HTTP.
//
//	go run ./test/fakecloud --data test/fakecloud/testdata/two-regions.yaml --ca-file /tmp/ca.pem
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
	"github.com/registry-failover/registry-failover/test/standin"
)

type options struct {
	listen, metadata, admin string
	hosts, caFile           string
	data                    string
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8443", "where the API answers, over HTTPS")
	flag.StringVar(&o.metadata, "metadata", "127.0.0.1:8444", "where the metadata service answers, over HTTP")
	flag.StringVar(&o.admin, "admin", "127.0.0.1:8445", "where faults are injected, over HTTP; unprotected")
	flag.StringVar(&o.hosts, "hosts", "localhost,127.0.0.1", "names and addresses in the API's certificate")
	flag.StringVar(&o.caFile, "ca-file", "", "where to write the certificate to trust (required)")
	flag.StringVar(&o.data, "data", "", "the cloud's data as YAML (required)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "fakecloud:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.caFile == "" || o.data == "" {
		return errors.New("--ca-file and --data are required")
	}
	text, err := os.ReadFile(o.data)
	if err != nil {
		return err
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		return err
	}
	authority, err := standin.NewAuthority()
	if err != nil {
		return err
	}
	certificate, err := authority.Server(strings.Split(o.hosts, ",")...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.caFile, authority.PEM(), 0o600); err != nil {
		return err
	}
	c := cloud.New(data)
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range []struct {
		what, address string
		handler       http.Handler
		tls           *tls.Config
	}{
		{"api", o.listen, c, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}},
		{"metadata", o.metadata, c.Metadata(), nil},
		{"admin", o.admin, c.Admin(), nil},
	} {
		listener, err := net.Listen("tcp", s.address)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s\n", s.what, listener.Addr())
		if s.tls != nil {
			listener = tls.NewListener(listener, s.tls)
		}
		group.Go(func() error { return serve(ctx, listener, s.handler) })
	}
	return group.Wait()
}

// serve ends with ctx, without waiting for answers that are held back.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
