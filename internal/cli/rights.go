package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// rightsTransport lets every refusal of an API server name the right that is missing,
// in the same words, whichever authorizer has refused.
type rightsTransport struct{ next http.RoundTripper }

func (t rightsTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusForbidden {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	status, is := object.(*metav1.Status)
	if err != nil || !is || status.Reason != metav1.StatusReasonForbidden {
		return response, nil // a proxy's page, which client-go tells of in its way
	}
	r := rightOf(request)
	who := subject.FindStringSubmatch(status.Message)
	switch reads := request.Method == http.MethodGet; {
	case who != nil:
		status.Message = fmt.Sprintf("%q lacks the right to %s", who[1], r)
	case reads: // admission refuses no reading
		status.Message = "you lack the right to " + r.String()
	default: // a policy's own sentence
		return response, nil
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	text, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Set("Content-Type", "application/json") // whatever was asked for
	response.Header.Del("Content-Length")
	return response, nil
}

// maxRefusal is far more than an API server says.
const maxRefusal = 64 << 10

// subject is how an API server begins when its authorizer has refused.
var subject = regexp.MustCompile(`User "([^"]*)" cannot [a-z]+ `)

// right is what a request needs, in the words of a Role.
type right struct{ verb, resource, name, subresource, namespace string }

func (r right) String() string {
	text := r.verb + " " + r.resource
	if r.name != "" {
		text += "/" + r.name
	}
	if r.subresource != "" {
		text += "/" + r.subresource
	}
	switch {
	case strings.HasPrefix(r.resource, "/"):
		return text
	case r.namespace == "":
		return text + " in the whole cluster"
	}
	return text + " in the namespace " + r.namespace
}

// rightOf reads a request's path, /api/v1/… or /apis/GROUP/VERSION/….
func rightOf(request *http.Request) right {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	at := 0
	for n, part := range parts { // an API server may stand below a path
		if part == "api" || part == "apis" {
			at = n
			break
		}
	}
	group := ""
	if parts = parts[at:]; parts[0] == "apis" && len(parts) > 1 {
		group, parts = parts[1], parts[1:]
	}
	if parts = parts[min(2, len(parts)):]; len(parts) == 0 {
		return right{verb: "get", resource: request.URL.Path}
	}
	var r right
	if len(parts) > 2 && parts[0] == "namespaces" {
		r.namespace, parts = parts[1], parts[2:]
	}
	r.resource = parts[0]
	if len(parts) > 2 {
		r.subresource = parts[2]
	}
	if group != "" {
		r.resource += "." + group
	}
	if len(parts) > 1 {
		r.name = parts[1]
	}
	r.verb = verbOf(request, r.name)
	return r
}

func verbOf(request *http.Request, name string) string {
	switch {
	case request.Method == http.MethodPost:
		return "create"
	case request.Method == http.MethodPut:
		return "update"
	case request.Method == http.MethodPatch:
		return "patch"
	case request.Method == http.MethodDelete && name == "":
		return "deletecollection"
	case request.Method == http.MethodDelete:
		return "delete"
	case request.URL.Query().Get("watch") == "true":
		return "watch"
	case name == "":
		return "list"
	default:
		return "get"
	}
}
