package certificate

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/watches"
)

const (
	// SecretName is the Secret that holds the certificate.
	SecretName = "registry-failover-webhook-certificate"
	// WebhookName is the MutatingWebhookConfiguration that gets the caBundle.
	WebhookName = "registry-failover"
	// ServiceName is the webhook's Service.
	ServiceName = "registry-failover-webhook"
)

const (
	// soon is when to look again after somebody else has written at the same time.
	soon = 100 * time.Millisecond
	// lookEvery is how long to wait at most: a clock that is set moves no timer.
	lookEvery = 12 * time.Hour
)

// Options are what an Issuer needs; all are required.
type Options struct {
	// Client reads from the API server, never from a cache.
	Client client.Client
	// Namespace holds the Secret and the Service.
	Namespace string
	// ClusterDomain is the DNS domain of the configuration at the start.
	ClusterDomain string
	Metrics       prometheus.Registerer
	Log           *slog.Logger
}

// Issuer keeps the Secret and the caBundle. Its methods may be called at the same time, but
// for Reconcile, which is called by one controller.
type Issuer struct {
	client            client.Client
	namespace         string
	domain            atomic.Pointer[string]
	bell              watches.Bell
	log               *slog.Logger
	expires, injected prometheus.Gauge
	now               func() time.Time
	absent            bool  // the MutatingWebhookConfiguration, at the last look
	known             known // the CA that is trusted
}

// New makes an Issuer. [Issuer.Watch] connects it.
func New(o Options) *Issuer {
	i := &Issuer{
		client: o.Client, namespace: o.Namespace, log: o.Log, now: time.Now,
		expires: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_webhook_certificate_expiry_timestamp_seconds",
			Help: "When the webhook's certificate ends, in seconds since 1970; 0 on a replica that doesn't lead.",
		}),
		injected: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_webhook_certificate_trusted",
			Help: "1 when the caBundle of each webhook is the certificate's CA; 0 on a replica that doesn't lead.",
		}),
	}
	i.Configure(o.ClusterDomain)
	o.Metrics.MustRegister(i.expires, i.injected)
	return i
}

// Configure changes the cluster's DNS domain.
func (i *Issuer) Configure(clusterDomain string) {
	i.domain.Store(&clusterDomain)
	i.bell.Ring()
}

// Watch lets the issuer work while the manager leads.
func (i *Issuer) Watch(ctx context.Context, mgr manager.Manager) error {
	for _, watch := range []struct {
		object    client.Object
		selection watches.Selection
	}{
		{watches.Metadata(corev1.SchemeGroupVersion.WithKind("Secret")), watches.Selection{Namespace: i.namespace, Name: SecretName}},
		{watches.Metadata(admissionv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration")), watches.Selection{Name: WebhookName}},
	} {
		w, err := watches.New(ctx, mgr, watch.object, watch.selection)
		if err != nil {
			return err
		}
		if _, err := w.Informer.AddEventHandler(&i.bell); err != nil {
			return err
		}
	}
	return i.bell.Attach(mgr, "webhook-certificate", i)
}

// Reconcile keeps the Secret first, then the caBundle: no CA is trusted that
// isn't stored. A new CA is stored and trusted before a certificate of it is issued.
func (i *Issuer) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	again, err := i.keep(ctx)
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return reconcile.Result{RequeueAfter: soon}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{}, nil
	case err != nil:
		i.injected.Set(0)
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: max(min(again.Sub(i.now()), lookEvery), soon)}, nil
}

// keep does what there is to do now, and returns when there is something again:
// a certificate of a CA that is trusted, the end of the overlap of two CAs, a renewal.
func (i *Issuer) keep(ctx context.Context) (again time.Time, err error) {
	configuration, err := i.configuration(ctx)
	if err != nil {
		return time.Time{}, err
	}
	r, err := i.keepSecret(ctx, configuration)
	if err != nil {
		return time.Time{}, err
	}
	if !r.Staged {
		i.expires.Set(float64(r.Expires.Unix()))
	}
	if err := i.trust(ctx, configuration, r); err != nil {
		return time.Time{}, err
	}
	switch end := r.Since.Add(overlap); {
	case r.Staged:
		return i.known.since.Add(settle), nil
	case i.now().Before(end):
		return end, nil
	}
	return r.Next, nil
}

// names are how the API server, and people with a client in the cluster, call the webhook.
func (i *Issuer) names() []string {
	host := ServiceName + "." + i.namespace + ".svc"
	return []string{host, host + "." + *i.domain.Load()}
}

func (i *Issuer) keepSecret(ctx context.Context, c *admissionv1.MutatingWebhookConfiguration) (Renewed, error) {
	secret := &corev1.Secret{}
	err := i.client.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: SecretName}, secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return Renewed{}, fmt.Errorf("read Secret %s/%s: %w", i.namespace, SecretName, err)
	}
	r, err := Renew(secret.Data, i.names(), i.now(), func(ca []byte) bool { return i.mayServe(c, ca) })
	if err != nil || maps.EqualFunc(r.Data, secret.Data, bytes.Equal) {
		return r, err
	}
	if missing {
		secret = i.newSecret()
		secret.Data = r.Data
		err = i.client.Create(ctx, secret)
	} else {
		secret.Data = r.Data
		err = i.client.Update(ctx, secret) // refused when anybody has written since it was read
	}
	if err != nil {
		return Renewed{}, fmt.Errorf("write Secret %s/%s: %w", i.namespace, SecretName, err)
	}
	if r.Staged {
		i.log.Info("a new CA is made; the webhook gets a certificate of it once the API server trusts it", "reason", r.Reason)
	} else {
		i.log.Info("a certificate for the webhook is issued", "reason", r.Reason, "expires", r.Expires)
	}
	return r, nil
}

func (i *Issuer) newSecret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: i.namespace, Name: SecretName,
			Labels: map[string]string{
				"app.kubernetes.io/part-of":   "registry-failover",
				"app.kubernetes.io/name":      "registry-failover",
				"app.kubernetes.io/component": "webhook",
			},
		},
		// Not kubernetes.io/tls, which must have tls.crt: kubelet mounts no Secret that
		// lacks a key, and leaves what it has mounted as it was.
		Type: corev1.SecretTypeOpaque,
	}
}
