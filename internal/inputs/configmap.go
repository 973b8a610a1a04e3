package inputs

import (
	"maps"
	"net"
	"os"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// configMap is the part of a core/v1 ConfigMap that is read.
type configMap struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Data              map[string]string `json:"data"`
}

type configMapList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []configMap `json:"items"`
}

// DeepCopyObject makes a configMap a runtime.Object.
func (c *configMap) DeepCopyObject() runtime.Object {
	clone := &configMap{TypeMeta: c.TypeMeta, Data: maps.Clone(c.Data)}
	c.ObjectMeta.DeepCopyInto(&clone.ObjectMeta)
	return clone
}

// DeepCopyObject makes a configMapList a runtime.Object.
func (l *configMapList) DeepCopyObject() runtime.Object {
	clone := &configMapList{TypeMeta: l.TypeMeta, Items: make([]configMap, len(l.Items))}
	l.ListMeta.DeepCopyInto(&clone.ListMeta)
	for i := range l.Items {
		clone.Items[i] = *l.Items[i].DeepCopyObject().(*configMap)
	}
	return clone
}

// newClient makes a client that can speak of ConfigMaps and nothing else.
func newClient(config *rest.Config) (rest.Interface, error) {
	version := schema.GroupVersion{Version: "v1"}
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(version.WithKind("ConfigMap"), &configMap{})
	scheme.AddKnownTypeWithName(version.WithKind("ConfigMapList"), &configMapList{})
	metav1.AddToGroupVersion(scheme, version)

	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion = "/api", &version
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.ContentType, c.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	c.Timeout = 0 // it would end each watch
	c.QPS = -1    // the delays between attempts are limit enough, and a second limit would add to them
	if c.UserAgent == "" {
		c.UserAgent = rest.DefaultKubernetesUserAgent()
	}
	if c.Dial == nil {
		c.Dial = dialer.DialContext
	}
	if file := c.BearerTokenFile; file != "" {
		// client-go's own way goes on for a minute with a token that is refused.
		c.BearerToken, c.BearerTokenFile = "", ""
		c.Wrap(transport.ResettableTokenSourceWrapTransport(transport.NewCachedFileTokenSource(file)))
	}
	pingOften()
	return rest.RESTClientFor(c)
}

// pingOften finds out within 10 seconds that an API server hangs whose kernel goes
// on to acknowledge, or a proxy before it: another one may know of a switch
// meanwhile. client-go has no other place for these settings.
var pingOften = sync.OnceFunc(func() {
	for _, name := range []string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS", "HTTP2_PING_TIMEOUT_SECONDS"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, "5") // it fails for names with "=" or NUL alone
		}
	}
})

// dialer finds out within 11 seconds that the other end of a silent connection
// has gone. A watch only listens, so nothing else would tell it: client-go's own
// check takes 45 s, and a switch thrown meanwhile would wait as long.
var dialer = &net.Dialer{
	Timeout:         3 * time.Second,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
}
