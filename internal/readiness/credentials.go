package readiness

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// secretAgain is how long what was read of a Secret counts: only what is due for a
	// look-up is read at all.
	secretAgain = 10 * time.Minute
	// mostSecrets are remembered; of each there is little.
	mostSecrets = 2000
	// readsPerSecond is how many Secrets and ServiceAccounts are read.
	readsPerSecond = 20
)

// keys reads the credentials that pods pull with, where the controller may read Secrets.
type keys struct {
	core   corev1client.CoreV1Interface
	pace   *rate.Limiter
	mutex  sync.Mutex
	known  map[objectKey]known
	config *config.Config
}

type objectKey struct{ namespace, name string }

// known is what was read: of a ServiceAccount its list, of a Secret its credentials for
// shared endpoints.
type known struct {
	credentials []pullsecrets.Credential
	listed      string
	err         error // that it may not be read
	ends        time.Time
}

func newKeys(core corev1client.CoreV1Interface) *keys {
	return &keys{core: core, pace: rate.NewLimiter(readsPerSecond, readsPerSecond), known: map[objectKey]known{}}
}

// configure puts a configuration into force, and says whether other credentials may be
// known with it than with the one before.
func (k *keys) configure(c *config.Config) (others bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	others = k.config != nil && !reflect.DeepEqual(k.config.PullSecrets, c.PullSecrets)
	k.config = c
	clear(k.known)
	return others
}

// A keyring is what pods have for an image on an instance.
type keyring struct {
	credentials []pullsecrets.Credential
	// doubt says why there may be others that aren't known here; empty where there are none.
	doubt string
	// lasting says that the doubt is the configuration's or the pods' own: it doesn't pass
	// by itself.
	lasting bool
}

// ring gives the credentials that new pods of a puller would try for an image, those that
// are for this instance first. An error says that the API server could not be asked.
func (k *keys) ring(ctx context.Context, p *Puller, image Image, instance string) (keyring, error) {
	k.mutex.Lock()
	c := k.config
	k.mutex.Unlock()
	covered := c.PullSecrets.Covers(p.Namespace)
	if !covered {
		return keyring{doubt: notCovered(c.PullSecrets, p.Namespace), lasting: true}, nil
	}
	list := p.Listed
	if p.Account != "" {
		account, err := k.account(ctx, p.Namespace, p.Account)
		if err != nil {
			return keyring{}, err
		}
		if account.err != nil {
			return keyring{doubt: "its ServiceAccount may not be read: " + account.err.Error()}, nil
		}
		list = account.listed
	}
	if list == "" {
		return keyring{doubt: "its pods list no pull secret, and whether their nodes have a credential isn't known", lasting: true}, nil
	}
	var r keyring
	var own, others []pullsecrets.Credential
	for _, name := range k.names(c, p.Namespace, list, image.Endpoint) {
		secret, err := k.secret(ctx, p.Namespace, name, c)
		if err != nil {
			return keyring{}, err
		}
		if secret.err != nil {
			r.doubt = fmt.Sprintf("the Secret %s/%s may not be read: %v", p.Namespace, name, secret.err)
		}
		credential, ok := pullsecrets.For(pullsecrets.Covering(secret.credentials, image.Repository), image.Endpoint)
		switch {
		case !ok:
		case strings.HasSuffix(name, "."+instance+"."+image.Endpoint):
			own = append(own, credential)
		default:
			others = append(others, credential)
		}
	}
	r.credentials = slices.Concat(own, others)
	return r, nil
}

func notCovered(p config.PullSecrets, namespace string) string {
	if p.Mode == config.PullSecretsOff {
		return "with pullSecrets.mode Off no Secret is read, so that the pods' credentials aren't known here"
	}
	return "pullSecrets.namespaces doesn't have " + namespace + ", so that the pods' credentials aren't known here"
}

// names are the Secrets that kubelet would look into: those that are listed, and those
// that the webhook gives to new pods beside them, of which some needn't exist.
func (k *keys) names(c *config.Config, namespace, list, endpoint string) []string {
	names := strings.Split(list, "\n")
	a := pullsecrets.Attacher{Settings: c.PullSecrets, Endpoints: c.Endpoints}
	if c.PullSecrets.Mode != config.PullSecretsDerive {
		return names
	}
	given := a.Names(namespace, names, []string{endpoint}, nil)
	if c.PullSecrets.BreakGlass != "" {
		given = append(given, c.PullSecrets.BreakGlass)
	}
	return append(names, given...)
}

func (k *keys) account(ctx context.Context, namespace, name string) (known, error) {
	return k.read(ctx, objectKey{namespace, "account " + name}, func(ctx context.Context) (known, error) {
		account, err := k.core.ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return known{}, err
		}
		return known{listed: listed(account.ImagePullSecrets)}, nil
	})
}

func (k *keys) secret(ctx context.Context, namespace, name string, c *config.Config) (known, error) {
	return k.read(ctx, objectKey{namespace, name}, func(ctx context.Context) (known, error) {
		secret, err := k.core.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return known{}, err
		}
		return known{credentials: ofShared(secret, c)}, nil
	})
}

// ofShared are a Secret's credentials for shared endpoints: kubelet finds no others for
// them. What kubelet can't read gives none.
func ofShared(secret *corev1.Secret, c *config.Config) []pullsecrets.Credential {
	all, err := pullsecrets.Parse(string(secret.Type), secret.Data)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(credential pullsecrets.Credential) bool {
		return !slices.ContainsFunc(c.Endpoints, func(e config.Endpoint) bool {
			_, ok := pullsecrets.For([]pullsecrets.Credential{credential}, e.Name)
			return ok
		})
	})
}

// read gives what is known, or reads it. An object that isn't there holds nothing.
func (k *keys) read(ctx context.Context, key objectKey, get func(context.Context) (known, error)) (known, error) {
	k.mutex.Lock()
	found, there := k.known[key]
	k.mutex.Unlock()
	if there && time.Now().Before(found.ends) {
		return found, nil
	}
	if err := k.pace.Wait(ctx); err != nil {
		return known{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := get(ctx)
	switch {
	case err == nil, apierrors.IsNotFound(err):
	case apierrors.IsForbidden(err):
		found = known{err: err}
	default:
		return known{}, fmt.Errorf("%s of the namespace %s can't be read: %w", key.name, key.namespace, err)
	}
	found.ends = time.Now().Add(secretAgain)
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if len(k.known) >= mostSecrets {
		clear(k.known)
	}
	k.known[key] = found
	return found, nil
}
