package secretsapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// ServeHTTP answers as an API server does, in JSON.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := parse(r)
	s.mu.Lock()
	s.requests = append(s.requests, request)
	refuse := s.Refuse
	s.mu.Unlock()
	if refuse != nil {
		if code := refuse(request); code != 0 {
			fail(w, code, "")
			return
		}
	}
	switch request.Verb {
	case "list":
		s.list(w, r, request)
	case "watch":
		s.watch(w, r, request)
	default:
		s.one(w, r, request)
	}
}

// parse reads /api/v1[/namespaces/NS]/RESOURCE[/NAME].
func parse(r *http.Request) Request {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[2:]
	request := Request{
		Time: time.Now(), Metadata: strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata"), Manager: r.URL.Query().Get("fieldManager"),
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		request.Namespace, parts = parts[1], parts[2:]
	}
	request.Resource = parts[0]
	if len(parts) > 1 {
		request.Name = parts[1]
	}
	verbs := map[string]string{http.MethodGet: "get", http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}
	request.Verb = verbs[r.Method]
	switch {
	case request.Name != "":
	case r.URL.Query().Get("watch") != "":
		request.Verb = "watch"
	case r.Method == http.MethodGet:
		request.Verb = "list"
	case r.Method == http.MethodDelete:
		request.Verb = "deletecollection"
	}
	return request
}

// selects tells whether the query's selectors choose the object.
func selects(r *http.Request, request Request, resource string, o object) bool {
	query := r.URL.Query()
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		panic(err)
	}
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		panic(err)
	}
	return resource == request.Resource && (request.Namespace == "" || request.Namespace == o.Namespace) && byLabel.Matches(labels.Set(o.Labels)) &&
		byField.Matches(fields.Set{"metadata.name": o.Name, "metadata.namespace": o.Namespace, "type": o.Type})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, request Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after := r.URL.Query().Get("continue")
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	var keys []string
	for k, o := range s.objects {
		if k > after && selects(r, request, strings.Split(k, "/")[0], *o) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	s.version = max(s.version, 1) // no watch can begin at 0
	meta := metav1.ListMeta{ResourceVersion: strconv.Itoa(s.version)}
	if limit > 0 && len(keys) > limit {
		keys = keys[:limit]
		meta.Continue = keys[limit-1]
	}
	if request.Metadata {
		list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"}, ListMeta: meta}
		for _, k := range keys {
			list.Items = append(list.Items, metadataOf(*s.objects[k]))
		}
		answer(w, http.StatusOK, list)
		return
	}
	items := []object{}
	for _, k := range keys {
		items = append(items, *s.objects[k])
	}
	answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "List", "metadata": meta, "items": items})
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request, request Request) {
	version, err := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	if err != nil {
		panic(err)
	}
	w.WriteHeader(http.StatusOK)
	send := func(kind string, object any) {
		text, err := json.Marshal(map[string]any{"type": kind, "object": object})
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(append(text, '\n'))
	}
	for {
		s.mu.Lock()
		if version < s.oldest {
			s.mu.Unlock()
			send("ERROR", status(http.StatusGone, metav1.StatusReasonExpired))
			return
		}
		var news []change
		next, _ := slices.BinarySearchFunc(s.log, version+1, func(c change, v int) int { return c.version - v })
		for _, c := range s.log[next:] {
			if selects(r, request, c.resource, c.object) {
				news = append(news, c)
			}
		}
		version = max(version, s.version)
		changed := s.next()
		s.mu.Unlock()
		for _, c := range news {
			if request.Metadata {
				send(c.kind, metadataOf(c.object))
			} else {
				send(c.kind, c.object)
			}
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// one answers a request about one object.
func (s *Server) one(w http.ResponseWriter, r *http.Request, request Request) {
	body := readBody(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	var sent object
	if request.Verb == "create" || request.Verb == "update" {
		if err := json.Unmarshal(body, &sent); err != nil {
			panic(err)
		}
		request.Name = sent.Name
		sent.Namespace = request.Namespace
	}
	k := key(request.Resource, request.Namespace, request.Name)
	found := s.objects[k]
	switch {
	case request.Verb == "deletecollection":
		for _, o := range s.objects {
			if selects(r, request, request.Resource, *o) {
				s.remove(request.Resource, o.Namespace, o.Name)
			}
		}
		answer(w, http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess})
		return
	case request.Verb == "create" && found != nil:
		fail(w, http.StatusConflict, metav1.StatusReasonAlreadyExists)
		return
	case request.Verb != "create" && found == nil:
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound)
		return
	}
	switch request.Verb {
	case "get":
		answer(w, http.StatusOK, *found)
	case "create":
		answer(w, http.StatusCreated, *s.store(request.Resource, sent, request.Manager))
	case "update":
		switch {
		case sent.ResourceVersion != "" && sent.ResourceVersion != found.ResourceVersion:
			fail(w, http.StatusConflict, metav1.StatusReasonConflict)
		case sent.Type != found.Type, found.Immutable != nil && *found.Immutable:
			fail(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid)
		default:
			answer(w, http.StatusOK, *s.store(request.Resource, sent, request.Manager))
		}
	case "patch":
		before, _ := json.Marshal(found)
		after, err := jsonpatch.MergePatch(before, body)
		var patched object
		if err == nil {
			err = json.Unmarshal(after, &patched)
		}
		if err != nil {
			panic(err)
		}
		if patched.ResourceVersion != found.ResourceVersion { // one that the patch names
			fail(w, http.StatusConflict, metav1.StatusReasonConflict)
			return
		}
		answer(w, http.StatusOK, *s.store(request.Resource, patched, request.Manager))
	case "delete":
		var options metav1.DeleteOptions
		_ = json.Unmarshal(body, &options)
		if p := options.Preconditions; p != nil && (p.UID != nil && *p.UID != found.UID || p.ResourceVersion != nil && *p.ResourceVersion != found.ResourceVersion) {
			fail(w, http.StatusConflict, metav1.StatusReasonConflict)
			return
		}
		s.remove(request.Resource, request.Namespace, request.Name)
		answer(w, http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess})
	}
}

func status(code int, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reason, Message: strings.ToLower(http.StatusText(code)),
	}
}

func fail(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	if reason == "" {
		reason = map[int]metav1.StatusReason{
			http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusNotFound: metav1.StatusReasonNotFound,
			http.StatusInternalServerError: metav1.StatusReasonInternalError,
		}[code]
	}
	answer(w, code, status(code, reason))
}

func answer(w http.ResponseWriter, code int, body any) {
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}
