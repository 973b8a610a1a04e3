package secretsapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Request is one that the server has been asked.
type Request struct {
	// Verb is get, list, watch, create, update, patch, delete or deletecollection.
	Verb, Resource, Namespace, Name string
	// Metadata says that no content was asked for.
	Metadata bool
	// Manager is who said to write.
	Manager string
	Time    time.Time
}

// String is the verb, the resource, and what it was about.
func (r Request) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s/%s", r.Verb, r.Resource, r.Namespace, r.Name))
}

// Server is an API server. Its zero value is ready for use.
type Server struct {
	// Refuse gives the status with which to refuse a request; nil, and 0, for none. It is set before the first request.
	Refuse func(Request) int

	mu       sync.Mutex
	version  int
	oldest   int // versions before are forgotten
	objects  map[string]*object
	log      []change
	changed  chan struct{} // closed at the next change
	requests []Request
}

// object is a Secret or a ConfigMap.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Data              map[string]any `json:"data,omitempty"`
	Type              string         `json:"type,omitempty"`
	Immutable         *bool          `json:"immutable,omitempty"`
}

type change struct {
	version  int
	kind     string // ADDED, MODIFIED or DELETED
	resource string
	object   object
}

func key(resource, namespace, name string) string { return resource + "/" + namespace + "/" + name }

// Requests are all since the start, or since the last Forget.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget forgets the requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Compact has watches of all versions until now begin anew, those that run, too.
func (s *Server) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.oldest = s.version
	s.wake()
}

// Put has a Secret be as it is given, as somebody called kubectl writes it.
func (s *Server) Put(secret *corev1.Secret) *corev1.Secret {
	var o object
	convert(secret, &o)
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.store("secrets", o, "kubectl")
	var result corev1.Secret
	convert(stored, &result)
	return &result
}

// Remove deletes a Secret, if it is there.
func (s *Server) Remove(namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove("secrets", namespace, name)
}

// Secret gives one, nil where there is none.
func (s *Server) Secret(namespace, name string) *corev1.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[key("secrets", namespace, name)]
	if o == nil {
		return nil
	}
	var result corev1.Secret
	convert(o, &result)
	return &result
}

// Secrets are the names of all, as namespace/name, sorted.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for k := range s.objects {
		if name, ok := strings.CutPrefix(k, "secrets/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ConfigMap gives the data of one, nil where there is none.
func (s *Server) ConfigMap(namespace, name string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[key("configmaps", namespace, name)]
	if o == nil {
		return nil
	}
	var result corev1.ConfigMap
	convert(o, &result)
	if result.Data == nil {
		return map[string]string{}
	}
	return result.Data
}

// PutConfigMap has a ConfigMap hold the data.
func (s *Server) PutConfigMap(namespace, name string, data map[string]string) {
	o := object{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]any{}}
	for k, v := range data {
		o.Data[k] = v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store("configmaps", o, "kubectl")
}

// store is called with the mutex held.
func (s *Server) store(resource string, o object, manager string) *object {
	if s.objects == nil {
		s.objects = map[string]*object{}
	}
	k := key(resource, o.Namespace, o.Name)
	kind, old := "ADDED", s.objects[k]
	s.version++
	o.APIVersion, o.Kind = "v1", map[string]string{"secrets": "Secret", "configmaps": "ConfigMap"}[resource]
	o.UID, o.ManagedFields = types.UID(fmt.Sprintf("uid-%d", s.version)), nil
	if old != nil {
		kind = "MODIFIED"
		o.UID, o.ManagedFields = old.UID, slices.Clone(old.ManagedFields)
	}
	if !slices.ContainsFunc(o.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.Manager == manager }) {
		o.ManagedFields = append(o.ManagedFields, metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate})
	}
	o.ResourceVersion = strconv.Itoa(s.version)
	s.objects[k] = &o
	s.log = append(s.log, change{s.version, kind, resource, o})
	s.wake()
	return &o
}

// remove is called with the mutex held.
func (s *Server) remove(resource, namespace, name string) {
	k := key(resource, namespace, name)
	o := s.objects[k]
	if o == nil {
		return
	}
	delete(s.objects, k)
	s.version++
	last := *o
	last.ResourceVersion = strconv.Itoa(s.version)
	s.log = append(s.log, change{s.version, "DELETED", resource, last})
	s.wake()
}

// wake is called with the mutex held.
func (s *Server) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// next is closed at the next change; the mutex is held.
func (s *Server) next() <-chan struct{} {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func convert(from, to any) {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		panic(err)
	}
}

// metadataOf is the object without its content.
func metadataOf(o object) metav1.PartialObjectMetadata {
	return metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}, ObjectMeta: o.ObjectMeta}
}

func readBody(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	return body
}
