package certificate

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// TestRotationOfTheCA has webhooks that serve whatever stands in the Secret, at
// once or as late as kubelet brings it, and an API server that hears of a new
// caBundle a little later. Each step is held to both.
func TestRotationOfTheCA(t *testing.T) {
	for sentence, spoil := range map[string]func(*world){
		"the Secret is deleted":  func(w *world) { w.check(w.Delete(w.Context(), w.secret())) },
		"the CA's keys are gone": func(w *world) { w.edit(map[string][]byte{"ca.crt": nil, "ca.key": nil}) },
		"all its keys are gone": func(w *world) {
			w.edit(map[string][]byte{"ca.crt": nil, "ca.key": nil, "tls.crt": nil, "tls.key": nil})
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, configuration())
			w.expectWrites("Secret", "caBundle")
			old := string(w.secret().Data["ca.crt"])
			w.now = start.Add(24 * time.Hour)
			w.expectWrites()
			spoil(w)
			served := string(w.secretData()["tls.crt"])

			w.expectWrites("Secret", "caBundle")
			ca := string(w.secret().Data["ca.crt"])
			if got := string(w.secret().Data["tls.crt"]); got != served {
				t.Fatalf("before the new CA is trusted, a certificate of it stands in the Secret:\n%s", got)
			}
			both := map[string]string{"ours": ca + old, "another": "", "ours-too": ca + old}
			if diff := cmp.Diff(both, w.bundles()); diff != "" || ca == old {
				t.Fatalf("caBundles (-want +got):\n%s", diff)
			}
			w.now = w.now.Add(settle - time.Second)
			if writes, again := w.reconcile(); len(writes) > 0 || again != time.Second {
				t.Fatalf("while API servers hear of the CA it wrote %v and looks again after %s", writes, again)
			}

			w.now = w.now.Add(time.Second)
			w.expectWrites("Secret")
			if w.secret().Data["tls.crt"] == nil || string(w.secret().Data["ca.crt"]) != ca {
				t.Fatal("no certificate is issued by the CA that was made")
			}
			if diff := cmp.Diff(both, w.bundles()); diff != "" {
				t.Fatalf("caBundles (-want +got):\n%s", diff)
			}
			w.now = w.now.Add(overlap - time.Minute)
			if writes, again := w.reconcile(); len(writes) > 0 || again != time.Minute {
				t.Errorf("while webhooks get the certificate it wrote %v and looks again after %s", writes, again)
			}
			w.now = w.now.Add(time.Minute)
			w.expectWrites("caBundle")
			if got := w.bundles()["ours"]; got != ca {
				t.Errorf("an hour later the bundle is\n%s", got)
			}
		})
	}
}

// secretData is that of the Secret, nil when there is none.
func (w *world) secretData() map[string][]byte {
	w.Helper()
	s, err := w.find()
	if err != nil {
		return nil
	}
	return s.Data
}

// edit is what somebody else does to the Secret.
func (w *world) edit(data map[string][]byte) {
	w.Helper()
	s := w.secret()
	maps.Copy(s.Data, data)
	w.check(w.Update(w.Context(), s))
}

// TestALeaderThatFollowsGoesOn: the other has died between the caBundle and the certificate.
func TestALeaderThatFollowsGoesOn(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	w.check(w.Delete(t.Context(), w.secret()))
	w.expectWrites("Secret", "caBundle")
	ca := string(w.secret().Data["ca.crt"])
	w.issuer.known = known{}
	w.now = start.Add(time.Hour)
	if writes, again := w.reconcile(); len(writes) > 0 || again != settle {
		t.Errorf("it wrote %v and looks again after %s: it can't know since when the CA is trusted", writes, again)
	}
	w.now = w.now.Add(settle)
	w.expectWrites("Secret")
	if got := string(w.secret().Data["ca.crt"]); got != ca {
		t.Error("it made another CA")
	}
}

// TestACABundleThatIsOverwrittenInBetween loses the new CA, so that its time begins anew.
func TestACABundleThatIsOverwrittenInBetween(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	old := []byte(w.bundles()["ours"])
	w.check(w.Delete(t.Context(), w.secret()))
	w.expectWrites("Secret", "caBundle")
	w.change(func(c *admissionv1.MutatingWebhookConfiguration) { c.Webhooks[2].ClientConfig.CABundle = old })
	w.now = start.Add(settle)
	w.expectWrites("caBundle")
	w.now = w.now.Add(settle - time.Second)
	w.expectWrites()
	w.now = w.now.Add(time.Second)
	w.expectWrites("Secret")
}

// TestACAOfSomebodyElseIsTrustedByItsCertificateAlone has a CA as people put it into
// the Secret, which the API server is to trust beside the one before.
func TestACAOfSomebodyElseIsTrustedByItsCertificateAlone(t *testing.T) {
	ca, err := issueCA(start)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, text := range map[string]string{
		"without a newline at its end": strings.TrimSpace(string(ca.certPEM)),
		"with its key behind it":       string(ca.certPEM) + string(ca.keyPEM),
		"with words in front":          "the CA of the shop\n" + string(ca.certPEM),
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, configuration())
			w.expectWrites("Secret", "caBundle")
			old := w.bundles()["ours"]
			w.edit(map[string][]byte{"ca.crt": []byte(text), "ca.key": ca.keyPEM})
			w.expectWrites("caBundle")
			if diff := cmp.Diff(string(ca.certPEM)+old, w.bundles()["ours"]); diff != "" {
				t.Errorf("caBundle (-want +got):\n%s", diff)
			}
			w.now = w.now.Add(settle)
			w.expectWrites("Secret")
			if got := string(w.secret().Data["ca.crt"]); got != text {
				t.Errorf("the Secret's CA became\n%s", got)
			}
		})
	}
}

func TestACAThatHasEndedIsTrustedNoMore(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	w.now = start.Add(caLife + time.Hour)
	w.expectWrites("Secret", "caBundle")
	if diff := cmp.Diff(string(w.secret().Data["ca.crt"]), w.bundles()["ours"]); diff != "" {
		t.Errorf("caBundle (-want +got):\n%s", diff)
	}
}
