package health

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/standin"
)

// TestATransportLeadsToItsTargetAlone asks for other hosts, under which there is nobody.
func TestATransportLeadsToItsTargetAlone(t *testing.T) {
	other, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		host   string
		change func(*Prober)
		part   Part // empty where an answer comes
	}{
		"with a certificate for the host":          {host: shared},
		"not with one for another name":            {host: "other.registry.io", part: Handshake},
		"not with one of an authority of no trust": {host: shared, change: func(p *Prober) { p.Roots = other.Pool }, part: Handshake},
		"not where nobody listens":                 {host: shared, change: func(p *Prober) { p.Dial = dialTo("127.0.0.1:1") }, part: Connect},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := registry(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
			if test.change != nil {
				test.change(&p)
			}
			client := http.Client{Transport: p.Transport(Target{Host: test.host, Addrs: []netip.Addr{addr}}, 443), Timeout: 5 * time.Second}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://whatever.example.com/v2/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			failure, _ := errors.AsType[*Error](err)
			switch {
			case test.part == "" && err != nil, test.part != "" && (failure == nil || failure.Part != test.part):
				t.Fatalf("got %v", err)
			case err != nil:
				return
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != "whatever.example.com" {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}
