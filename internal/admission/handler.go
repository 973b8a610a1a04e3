package admission

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// MaxBodyBytes is how much of a request is read: two objects of 3 MiB, the
// API server's own limit, and what is around them.
const MaxBodyBytes = 7 << 20

// Handler serves /mutate, which does what the configuration's enforcement
// says, and /enforce and /audit, which do what they say, for namespaces whose
// label overrides the configuration.
type Handler struct {
	policy  atomic.Pointer[Policy]
	index   atomic.Pointer[pullsecrets.Index] // nil for nothing known
	metrics *metrics
	log     *slog.Logger
	load    load
	failed  throttle
	owners  *owners
}

// Configure puts a valid configuration into force. It must be called once
// before the first request, and may be called at any time after.
func (h *Handler) Configure(c *config.Config) error {
	policy, err := newPolicy(c, &h.index)
	if err != nil {
		return err
	}
	h.policy.Store(policy)
	return nil
}

// KnowPullSecrets says what is known of pull secrets from now on. It may be called
// at any time; the index must not be changed any more.
func (h *Handler) KnowPullSecrets(index pullsecrets.Index) { h.index.Store(&index) }

// Routes returns the handler for all paths.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mutate", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.policy.Load()) })
	mux.HandleFunc("POST /enforce", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.policy.Load().with(false)) })
	mux.HandleFunc("POST /audit", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.policy.Load().with(true)) })
	return mux
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, policy *Policy) {
	begin := time.Now()
	release, err := h.load.take(r)
	if err != nil {
		h.metrics.observe(Decision{}, err, policy.Audit, time.Since(begin))
		h.warn("", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	uid, decision, err := review(r.Body, r.ContentLength, buffer, policy)
	release()
	h.metrics.observe(decision, err, policy.Audit, time.Since(begin))
	if decision.Created != nil {
		h.owners.observe(decision.Created)
	}
	if err != nil {
		h.warn(uid, err)
		decision = Decision{Warnings: []string{clip(fmt.Sprintf("registry-failover left the images as they are: %v", err), warningBytes)}}
	}
	if uid == "" {
		http.Error(w, clip(fmt.Sprintf("request.uid of the AdmissionReview is not readable: %v", err), warningBytes), http.StatusBadRequest)
		return
	}
	*buffer = appendAnswer((*buffer)[:0], uid, decision)
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(*buffer); err != nil {
		h.log.Info("the API server did not take the answer", "uid", uid, "error", err)
	}
}

func (h *Handler) warn(uid types.UID, err error) {
	if skipped, ok := h.failed.allow(); ok {
		h.log.Warn("a request failed: the pod is admitted as it was written",
			"uid", clip(string(uid), foreignBytes), "error", clip(err.Error(), warningBytes), "notLogged", skipped)
	}
}

// review never panics and never gives a half decision. The length of the body
// is below 0 where it isn't known. The uid is empty where none can be read.
// Nothing that is returned is part of the buffer.
func review(body io.Reader, length int64, buffer *[]byte, policy *Policy) (uid types.UID, d Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			d, err = Decision{}, fmt.Errorf("internal error, please report it: %v", p)
		}
	}()
	data, err := readBody(body, length, buffer)
	if len(data) > MaxBodyBytes {
		err = fmt.Errorf("the AdmissionReview is longer than %d bytes", MaxBodyBytes)
	}
	if err != nil {
		return findUID(data), Decision{}, err
	}
	in, err := readRequest(data)
	if err != nil {
		return findUID(data), Decision{}, fmt.Errorf("the AdmissionReview is not readable: %w", err)
	}
	if in.uid == "" {
		return "", Decision{}, errors.New("it has no request with a uid")
	}
	if want := admissionv1.SchemeGroupVersion.String(); in.apiVersion != want {
		return in.uid, Decision{}, fmt.Errorf("the AdmissionReview has apiVersion %q: set admissionReviewVersions of the webhook configuration to v1 (%s)", clip(in.apiVersion, foreignBytes), want)
	}
	uid = in.uid
	d, err = policy.review(in)
	return uid, d, err
}
