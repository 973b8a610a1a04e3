package alibaba

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// What no error, log line or metric may show.
const (
	keyID     = "LTAI-id-of-the-key"
	keySecret = "the+secret/of the=key"
)

// static hands out the same session each time.
type static Session

func (s static) Fetch(context.Context) (Session, error) { return Session(s), nil }

var validKey = static{accessKeyID: keyID, key: newSecret(keySecret)}

// A world is a cloud and a client of it.
type world struct {
	*cloud.Cloud
	client  *Client
	keeper  *Keeper
	logs    *bytes.Buffer
	metrics *prometheus.Registry
}

// newWorld connects a client with a cloud without a network, so that it may
// run in a bubble of synctest.
func newWorld(t *testing.T, data cloud.Data, fetcher Fetcher) *world {
	t.Helper()
	w := &world{Cloud: cloud.New(data), logs: &bytes.Buffer{}, metrics: prometheus.NewRegistry()}
	w.keeper = NewKeeper(fetcher, w.metrics, slog.New(slog.NewTextHandler(w.logs, nil)))
	client, err := New(Options{
		Sessions: w.keeper, Region: "cn-zhangjiakou", Metrics: w.metrics, UserAgent: "registry-failover/test",
		Addresses: Addresses{PrivateZone: "pvtz.test", STS: "sts.test", Registry: func(region string) string { return "cr." + region + ".test" }},
	})
	if err != nil {
		t.Fatal(err)
	}
	client.transport = direct{w.Cloud}
	w.client = client
	return w
}

// listen lets the client reach the cloud over HTTPS instead.
func (w *world) listen(t *testing.T) {
	t.Helper()
	server := httptest.NewUnstartedServer(w.Cloud)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go away in the handshake are what is tested
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport := newTransport(roots)
	t.Cleanup(transport.CloseIdleConnections)
	address := strings.TrimPrefix(server.URL, "https://")
	w.client.transport = transport
	w.client.addresses = Addresses{PrivateZone: address, STS: address, Registry: func(string) string { return address }}
}

// direct hands requests to a handler as a server would, a connection that
// breaks included.
type direct struct{ http.Handler }

func (d direct) RoundTrip(request *http.Request) (response *http.Response, err error) {
	if request.URL.Scheme != "https" && request.URL.Host != "metadata.test" {
		panic("a request without TLS: " + request.URL.Host)
	}
	recorder := httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			response, err = nil, io.ErrUnexpectedEOF
		}
		if request.Context().Err() != nil {
			response, err = nil, request.Context().Err()
		}
	}()
	request = request.Clone(request.Context())
	if request.Body == nil {
		request.Body = http.NoBody
	}
	d.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// twoRegions is the design's example, with a key of this test.
func twoRegions(t *testing.T) cloud.Data {
	t.Helper()
	text, err := os.ReadFile("../../test/fakecloud/testdata/two-regions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		t.Fatal(err)
	}
	data.AccessKeys = []cloud.AccessKey{{ID: keyID, Secret: keySecret}}
	return data
}

// oneZone has the records at the name z.test.
func oneZone(records ...cloud.Record) cloud.Data {
	return cloud.Data{
		AccessKeys: []cloud.AccessKey{{ID: keyID, Secret: keySecret}},
		Zones:      []cloud.Zone{{ID: "zone-1", Name: "z.test", VPCs: []cloud.VPC{{ID: "vpc-1", Region: "cn-hangzhou"}}, Records: records}},
	}
}
