package certificate

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const namespace = "registry-failover"

// world is an Issuer, and an API server that counts what is written, in order.
type world struct {
	*testing.T
	client.Client
	issuer *Issuer
	now    time.Time
	writes []string
	refuse error // the next write of the Secret
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, now: start}
	note := func(object client.Object) error {
		switch object.(type) {
		case *corev1.Secret:
			if err := w.refuse; err != nil {
				w.refuse = nil
				return err
			}
			w.writes = append(w.writes, "Secret")
		case *admissionv1.MutatingWebhookConfiguration:
			w.writes = append(w.writes, "caBundle")
		}
		return nil
	}
	w.Client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			if err := note(object); err != nil {
				return err
			}
			return c.Create(ctx, object, options...)
		},
		Update: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.UpdateOption) error {
			if err := note(object); err != nil {
				return err
			}
			return c.Update(ctx, object, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			if err := note(object); err != nil {
				return err
			}
			return c.Patch(ctx, object, patch, options...)
		},
	}).Build()
	w.issuer = New(Options{
		Client: w.Client, Namespace: namespace, ClusterDomain: "cluster.local",
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	w.issuer.now = func() time.Time { return w.now }
	return w
}

// reconcile runs the issuer once, and returns what it wrote and when it wants to look again.
func (w *world) reconcile() (writes []string, again time.Duration) {
	w.Helper()
	w.writes = nil
	result, err := w.issuer.Reconcile(w.Context(), reconcile.Request{})
	if err != nil {
		w.Fatal(err)
	}
	return w.writes, result.RequeueAfter
}

func (w *world) expectWrites(want ...string) {
	w.Helper()
	got, _ := w.reconcile()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("writes (-want +got):\n%s", diff)
	}
}

func (w *world) secret() *corev1.Secret {
	w.Helper()
	s, err := w.find()
	w.check(err)
	return s
}

func (w *world) find() (*corev1.Secret, error) {
	s := &corev1.Secret{}
	return s, w.Get(w.Context(), client.ObjectKey{Namespace: namespace, Name: SecretName}, s)
}

func (w *world) bundles() map[string]string {
	w.Helper()
	var c admissionv1.MutatingWebhookConfiguration
	if err := w.Get(w.Context(), client.ObjectKey{Name: WebhookName}, &c); err != nil {
		w.Fatal(err)
	}
	found := map[string]string{}
	for _, webhook := range c.Webhooks {
		found[webhook.Name] = string(webhook.ClientConfig.CABundle)
	}
	return found
}

// change is what somebody else does to the MutatingWebhookConfiguration.
func (w *world) change(how func(*admissionv1.MutatingWebhookConfiguration)) {
	w.Helper()
	var c admissionv1.MutatingWebhookConfiguration
	w.check(w.Get(w.Context(), client.ObjectKey{Name: WebhookName}, &c))
	how(&c)
	w.check(w.Update(w.Context(), &c))
	w.writes = nil
}

func webhook(name, service string) admissionv1.MutatingWebhook {
	return admissionv1.MutatingWebhook{Name: name, ClientConfig: admissionv1.WebhookClientConfig{
		Service: &admissionv1.ServiceReference{Namespace: namespace, Name: service},
	}}
}

func configuration() *admissionv1.MutatingWebhookConfiguration {
	return &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: WebhookName},
		Webhooks:   []admissionv1.MutatingWebhook{webhook("ours", ServiceName), webhook("another", "another"), webhook("ours-too", ServiceName)},
	}
}

func TestTheSecretIsWrittenBeforeAnybodyIsToldToTrustIt(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	ca := string(w.secret().Data["ca.crt"])
	if diff := cmp.Diff(map[string]string{"ours": ca, "another": "", "ours-too": ca}, w.bundles()); diff != "" {
		t.Errorf("caBundles (-want +got):\n%s", diff)
	}
	if kind := w.secret().Type; kind != corev1.SecretTypeOpaque {
		t.Errorf("the Secret's type is %s", kind)
	}
	w.expectWrites()
}

func TestACABundleThatIsTakenAwayComesBack(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	w.check(w.Delete(t.Context(), configuration()))
	w.check(w.Create(t.Context(), configuration()))
	w.expectWrites("caBundle")
	if w.bundles()["ours"] == "" {
		t.Error("it is still away")
	}
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func TestWhatIsNoCertificateIsNotTrustedOn(t *testing.T) {
	damaged := configuration()
	damaged.Webhooks[0].ClientConfig.CABundle = []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	w := newWorld(t, damaged)
	w.expectWrites("Secret", "caBundle")
	w.expectWrites("Secret")
	if diff := cmp.Diff(string(w.secret().Data["ca.crt"]), w.bundles()["ours"]); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsTellWhatIsTrustedAndUntilWhen(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	if trusted, expires := testutil.ToFloat64(w.issuer.injected), testutil.ToFloat64(w.issuer.expires); trusted != 1 || expires != float64(start.Add(certLife).Unix()) {
		t.Errorf("trusted %v, expires %v", trusted, expires)
	}
	w.change(func(c *admissionv1.MutatingWebhookConfiguration) { c.Webhooks = c.Webhooks[1:2] })
	w.expectWrites()
	if trusted := testutil.ToFloat64(w.issuer.injected); trusted != 0 {
		t.Error("no webhook leads to the Service, and it is trusted")
	}
}

// TestWebhooksThatChangePlacesAreNotMistaken patches by what was read before.
func TestWebhooksThatChangePlacesAreNotMistaken(t *testing.T) {
	w := newWorld(t, configuration())
	patch := w.issuer.trustPatch(configuration(), Renewed{CA: []byte("ca")})
	w.change(func(c *admissionv1.MutatingWebhookConfiguration) { slices.Reverse(c.Webhooks[:2]) })
	if err := w.Patch(t.Context(), configuration(), client.RawPatch(types.JSONPatchType, patch)); err == nil {
		t.Errorf("another webhook's caBundle was written: %v", w.bundles())
	}
}

func TestAMissingConfigurationIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.expectWrites("Secret")
	w.check(w.Create(t.Context(), configuration()))
	w.expectWrites("caBundle")
}

func TestACertificateIsRenewedInTimeByTheSameCA(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	old := w.secret().Data
	w.now = start.Add(overlap)
	if _, again := w.reconcile(); again != lookEvery {
		t.Errorf("it looks again after %s", again)
	}
	w.now = start.Add(certLife - renewBefore - time.Hour)
	if writes, again := w.reconcile(); len(writes) > 0 || again != time.Hour {
		t.Errorf("an hour before it wrote %v and looks again after %s", writes, again)
	}
	w.now = w.now.Add(time.Hour)
	w.expectWrites("Secret")
	renewed := w.secret().Data
	if string(renewed["tls.crt"]) == string(old["tls.crt"]) || string(renewed["ca.crt"]) != string(old["ca.crt"]) {
		t.Error("it wasn't renewed, or by another CA")
	}
}

func TestAnotherDomainNeedsAnotherCertificate(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	w.issuer.Configure("example.internal")
	w.expectWrites("Secret")
}

func TestWhoeverWritesAtTheSameTimeWins(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	for what, refusal := range map[string]error{
		"another replica has created it": apierrors.NewAlreadyExists(secrets, SecretName),
		"somebody has changed it":        apierrors.NewConflict(secrets, SecretName, nil),
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, configuration())
			w.refuse = refusal
			if writes, again := w.reconcile(); len(writes) > 0 || again != soon {
				t.Errorf("it wrote %v and looks again after %s", writes, again)
			}
			w.expectWrites("Secret", "caBundle")
		})
	}
}

func TestWhatElseIsInTheSecretStays(t *testing.T) {
	w := newWorld(t, configuration())
	w.expectWrites("Secret", "caBundle")
	s := w.secret()
	s.Data["note"], s.Data["tls.crt"] = []byte("ours"), nil
	w.check(w.Update(t.Context(), s))
	w.expectWrites("Secret")
	if got := string(w.secret().Data["note"]); got != "ours" {
		t.Errorf("it is %q", got)
	}
}
