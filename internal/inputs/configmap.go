package inputs

import (
	"maps"
	"net"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
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
	return rest.RESTClientFor(c)
}

// dialer finds out within 11 seconds that the other end of a silent connection
// has gone. A watch only listens, so nothing else would tell it: client-go's own
// check takes 45 s, and a switch thrown meanwhile would wait as long.
var dialer = &net.Dialer{
	Timeout:         3 * time.Second,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
}
