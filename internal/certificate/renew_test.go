package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const host = "registry-failover-webhook.registry-failover.svc"

var (
	names = []string{host, host + ".cluster.local"}
	start = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
)

// always and never are what is known of every CA.
func always([]byte) bool { return true }
func never([]byte) bool  { return false }

// first is what stands in a Secret that was issued at start.
func first(t *testing.T) map[string][]byte {
	t.Helper()
	r, err := Renew(nil, names, start, always)
	if err != nil {
		t.Fatal(err)
	}
	return r.Data
}

func with(data map[string][]byte, key string, value []byte) map[string][]byte {
	changed := maps.Clone(data)
	changed[key] = value
	return changed
}

// foreignCA is one that may sign clients' certificates only.
func foreignCA(t *testing.T) pair {
	t.Helper()
	ca, err := sign(&x509.Certificate{
		NotBefore: start, NotAfter: start.Add(caLife), KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// signedBy is a Secret with a certificate of that CA.
func signedBy(t *testing.T, ca pair) map[string][]byte {
	t.Helper()
	certificate, err := issue(ca, names, start)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"ca.crt": ca.certPEM, "ca.key": ca.keyPEM, "tls.crt": certificate.certPEM, "tls.key": certificate.keyPEM}
}

func TestRenew(t *testing.T) {
	data, other := first(t), first(t)
	const day = 24 * time.Hour
	tests := map[string]struct {
		data           map[string][]byte
		names          []string
		at             time.Time
		newCA, newCert bool
	}{
		"all is in order":                            {data, names, start, false, false},
		"there is nothing":                           {nil, names, start, true, true},
		"a day before a third of its life is left":   {data, names, start.Add(certLife - renewBefore - day), false, false},
		"a third of its life is left":                {data, names, start.Add(certLife - renewBefore + day), false, true},
		"it has ended":                               {data, names, start.Add(certLife + day), false, true},
		"the CA would end before the next one":       {data, names, start.Add(caLife - caRenewBefore + day), true, true},
		"the CA has ended":                           {data, names, start.Add(caLife + day), true, true},
		"the clock was far ahead when it was issued": {data, names, start.Add(-10 * day), true, true},
		"other names":                                {data, names[:1], start, false, true},
		"the certificate is missing":                 {with(data, "tls.crt", nil), names, start, false, true},
		"the key is another's":                       {with(data, "tls.key", other["tls.key"]), names, start, false, true},
		"the certificate is another CA's":            {with(with(data, "tls.crt", other["tls.crt"]), "tls.key", other["tls.key"]), names, start, false, true},
		"the CA's key is another's":                  {with(data, "ca.key", other["ca.key"]), names, start, true, true},
		"the CA is no CA":                            {with(with(data, "ca.crt", data["tls.crt"]), "ca.key", data["tls.key"]), names, start, true, true},
		"a CA of somebody else may not sign servers": {signedBy(t, foreignCA(t)), names, start, true, true},
		"something that isn't PEM":                   {with(data, "tls.crt", []byte("{}")), names, start, false, true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			before := maps.Clone(test.data)
			r, err := Renew(test.data, test.names, test.at, always)
			if err != nil {
				t.Fatal(err)
			}
			if changed := string(r.Data["ca.crt"]) != string(test.data["ca.crt"]); changed != test.newCA {
				t.Errorf("a new CA: %t", changed)
			}
			if changed := string(r.Data["tls.crt"]) != string(test.data["tls.crt"]); changed != test.newCert {
				t.Errorf("a new certificate: %t", changed)
			}
			if (r.Reason != "") != (test.newCA || test.newCert) {
				t.Errorf("the reason is %q", r.Reason)
			}
			if diff := cmp.Diff(before, test.data); diff != "" {
				t.Errorf("the argument was changed:\n%s", diff)
			}
			serves(t, r, test.names[0], test.at)
			again, err := Renew(r.Data, test.names, test.at, always)
			if err != nil || again.Reason != "" || !cmp.Equal(again.Data, r.Data) {
				t.Errorf("a second time it renews again: %q %v", again.Reason, err)
			}
			if !r.Next.After(test.at) || !r.Next.Before(r.Expires) {
				t.Errorf("it ends at %s and is looked at again at %s", r.Expires, r.Next)
			}
		})
	}
}

// serves fails unless a client that trusts the CA takes the certificate, now and until it is looked at again.
func serves(t *testing.T, r Renewed, name string, at time.Time) {
	t.Helper()
	pair, err := tls.X509KeyPair(r.Data["tls.crt"], r.Data["tls.key"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(r.CA) {
		t.Fatal("the CA is no certificate")
	}
	for _, now := range []time.Time{at, r.Next} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("at %s: %v", now, err)
		}
	}
}

// TestNobodyIsGivenACertificateOfACAThatNobodyTrusts has the Secret as a webhook
// reads it: what stands there may be served at once.
func TestNobodyIsGivenACertificateOfACAThatNobodyTrusts(t *testing.T) {
	data := first(t)
	for sentence, before := range map[string]map[string][]byte{
		"there is nothing":                   nil,
		"the CA's key is missing":            with(data, "ca.key", nil),
		"the CA is missing":                  with(data, "ca.crt", nil),
		"all is missing but for the keys":    {"ca.crt": nil, "ca.key": nil, "tls.crt": {}, "tls.key": {}},
		"a CA of somebody else is of no use": signedBy(t, foreignCA(t)),
	} {
		t.Run(sentence, func(t *testing.T) {
			staged, err := Renew(before, names, start, never)
			if err != nil || !staged.Staged || staged.Reason == "" {
				t.Fatalf("staged %t because %q: %v", staged.Staged, staged.Reason, err)
			}
			for _, key := range []string{"tls.crt", "tls.key"} {
				if diff := cmp.Diff(before[key], staged.Data[key]); diff != "" {
					t.Errorf("%s: %s", key, diff)
				}
			}
			again, err := Renew(staged.Data, names, start, never)
			if err != nil || !again.Staged || !cmp.Equal(again.Data, staged.Data) {
				t.Errorf("a second time it makes another CA: %v", err)
			}
			issued, err := Renew(staged.Data, names, start, func(ca []byte) bool { return string(ca) == string(staged.CA) })
			if err != nil || issued.Staged || string(issued.CA) != string(staged.CA) {
				t.Fatalf("once the CA is trusted: staged %t, %v", issued.Staged, err)
			}
			serves(t, issued, host, start)
		})
	}
}

func TestOtherKeysOfTheSecretStay(t *testing.T) {
	r, err := Renew(map[string][]byte{"note": []byte("ours")}, names, start, always)
	if err != nil || string(r.Data["note"]) != "ours" {
		t.Errorf("data %v, error %v", r.Data, err)
	}
}

// FuzzRenew gives it a Secret that anybody has written: whatever stands there,
// what comes out can be served.
func FuzzRenew(f *testing.F) {
	r, err := Renew(nil, names, start, always)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Data["ca.crt"], r.Data["ca.key"], r.Data["tls.crt"], r.Data["tls.key"])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte(nil), []byte("x"), []byte("\x00"))
	rsa := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{0x30, 0}})
	f.Add(r.Data["ca.crt"], rsa, r.Data["tls.crt"], rsa)
	f.Fuzz(func(t *testing.T, caCert, caKey, cert, key []byte) {
		r, err := Renew(map[string][]byte{"ca.crt": caCert, "ca.key": caKey, "tls.crt": cert, "tls.key": key}, names, start, always)
		if err != nil {
			t.Fatal(err)
		}
		serves(t, r, host, start)
	})
}
