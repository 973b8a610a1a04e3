package admission_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/internal/admission"
)

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

type panicReader struct{}

func (panicReader) Read([]byte) (int, error) { panic("the reader is broken") }

// wrap is a review's text around a request's fields.
func wrap(fields string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{` + fields + `}}`
}

const (
	head  = `"uid":"` + uid + `","resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE"`
	whole = `,"object":{"metadata":{},"spec":{"containers":[{"image":"` + source + `/demo/web:1"}]}}`
)

func TestRequestsThatAreNotUnderstood(t *testing.T) {
	spaces := func(body string, length int) string { return body + strings.Repeat(" ", length-len(body)) }
	tests := map[string]struct {
		body   string
		reason string // in the warning, or in the HTTP error where there is no uid
		hasUID bool
	}{
		"an empty body":                   {"", "not readable: ", false},
		"only white space":                {" \n", "not readable: ", false},
		"no JSON":                         {"uid=1", "not readable: ", false},
		"null":                            {"null", "it has no request with a uid", false},
		"a list":                          {"[]", "not readable: ", false},
		"a text":                          {`"request"`, "not readable: ", false},
		"no request":                      {`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, "it has no request with a uid", false},
		"a request that is null":          {`{"request":null}`, "it has no request with a uid", false},
		"a request that is a list":        {`{"request":[{"uid":"x"}]}`, "not readable: ", false},
		"an answer instead of a question": {`{"apiVersion":"admission.k8s.io/v1","response":{"uid":"x"}}`, "it has no request with a uid", false},
		"no uid":                          {wrap(`"operation":"CREATE"`), "it has no request with a uid", false},
		"an empty uid":                    {wrap(`"uid":""` + whole), "it has no request with a uid", false},
		"a uid that is null":              {wrap(`"uid":null` + whole), "it has no request with a uid", false},
		"a uid that is a number":          {wrap(`"uid":7` + whole), "not readable: ", false},
		"a uid that is a list":            {wrap(`"uid":["x"]` + whole), "not readable: ", false},
		"a uid that is an object":         {wrap(`"uid":{"uid":"x"}` + whole), "not readable: ", false},
		"a uid in capitals":               {wrap(`"UID":"x"` + whole), "it has no request with a uid", false},
		"a uid that is only the pod's":    {wrap(`"object":{"metadata":{"uid":"x"}},"operation":7`), "not readable: ", false},
		"a uid behind the limit":          {spaces(`{"request":{`, admission.MaxBodyBytes) + `"uid":"x"}}`, "is longer than 7340032 bytes", false},

		"a body over the limit":                      {spaces(wrap(head+whole), admission.MaxBodyBytes+1), "is longer than 7340032 bytes", true},
		"a body over the limit that is cut off":      {wrap(head + `,"object":{"metadata":{"name":"` + strings.Repeat("x", admission.MaxBodyBytes) + `"}}`), "is longer than 7340032 bytes", true},
		"something behind the review":                {wrap(head+whole) + "}", "the AdmissionReview is not readable: ", true},
		"two reviews":                                {wrap(head+whole) + wrap(head+whole), "the AdmissionReview is not readable: ", true},
		"a field of the wrong type before the uid":   {wrap(`"operation":[{"a":[1,"uid"]}],` + `"uid":"` + uid + `"`), "the AdmissionReview is not readable: ", true},
		"a field of the wrong type behind the uid":   {wrap(head + `,"subResource":["status"]` + whole), "the AdmissionReview is not readable: ", true},
		"nesting without end":                        {wrap(head + `,"object":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), "the AdmissionReview is not readable: ", true},
		"an older version":                           {strings.Replace(wrap(head+whole), "k8s.io/v1", "k8s.io/v1beta1", 1), `apiVersion "admission.k8s.io/v1beta1": set admissionReviewVersions`, true},
		"no version":                                 {`{"request":{` + head + whole + `}}`, `apiVersion "": set admissionReviewVersions`, true},
		"no object":                                  {wrap(head), "the pod is not readable: it is empty", true},
		"an object that is null":                     {wrap(head + `,"object":null`), "the pod is not readable: it is empty", true},
		"an object that is empty":                    {wrap(head + `,"object":{}`), "the pod is not readable: it has no metadata", true},
		"an object that is a list":                   {wrap(head + `,"object":[]`), "the pod is not readable: ", true},
		"an object that is a text":                   {wrap(head + `,"object":"pod"`), "the pod is not readable: ", true},
		"metadata that is null":                      {wrap(head + strings.Replace(whole, "{}", "null", 1)), "the pod is not readable: it has no metadata", true},
		"a label that is a number":                   {wrap(head + strings.Replace(whole, "{}", `{"labels":{"a":1}}`, 1)), "the pod is not readable: ", true},
		"containers that are an object":              {wrap(head + `,"object":{"metadata":{},"spec":{"containers":{"image":"a"}}}`), "the pod is not readable: ", true},
		"an image that is a number":                  {wrap(head + `,"object":{"metadata":{},"spec":{"containers":[{"image":1}]}}`), "the pod is not readable: ", true},
		"a field of the wrong type in the resource":  {wrap(strings.Replace(head, `"pods"`, "7", 1) + whole), "the AdmissionReview is not readable: ", true},
		"an update without the old object":           {wrap(strings.Replace(head, "CREATE", "UPDATE", 1) + whole), "the old pod is not readable: it is empty", true},
		"an update whose old object is null":         {wrap(strings.Replace(head, "CREATE", "UPDATE", 1) + whole + `,"oldObject":null`), "the old pod is not readable: it is empty", true},
		"an update whose old object is not readable": {wrap(strings.Replace(head, "CREATE", "UPDATE", 1) + whole + `,"oldObject":{"metadata":{},"spec":1}`), "the old pod is not readable: ", true},
		"an update whose new object is not readable": {wrap(strings.Replace(head, "CREATE", "UPDATE", 1) + `,"object":1,"oldObject":{"metadata":{}}`), "the pod is not readable: ", true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, onUpdate)
			recorder := w.post("/mutate", strings.NewReader(test.body))
			compare(t, map[string]float64{"failed": 1}, w.requests(t))
			if !test.hasUID {
				refused(t, recorder, test.reason)
				return
			}
			r := response(t, recorder)
			if r.UID != uid || r.Patch != nil || r.AuditAnnotations != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], test.reason) {
				t.Errorf("the answer is %s", recorder.Body)
			}
		})
	}
}

// refused holds that the API server gets one sentence.
func refused(t testing.TB, recorder *httptest.ResponseRecorder, reason string) {
	t.Helper()
	text := recorder.Body.String()
	if recorder.Code != http.StatusBadRequest || !strings.HasPrefix(text, "request.uid of the AdmissionReview is not readable: ") ||
		!strings.Contains(text, reason) || strings.Index(text, "\n") != len(text)-1 {
		t.Errorf("HTTP %d: %q", recorder.Code, text)
	}
}

func TestBodyOfTheGreatestLengthIsUnderstood(t *testing.T) {
	body := wrap(head + whole)
	body += strings.Repeat(" ", admission.MaxBodyBytes-len(body))
	if r := newWebhook(t, "").ask(t, "/mutate", []byte(body)); r.Patch == nil {
		t.Errorf("no patch: %v", r.Warnings)
	}
}

// TestCutOff sends every beginning of a review: 400 exactly as long as the uid
// isn't complete, then admitted as written, with a patch only for the whole.
func TestCutOff(t *testing.T) {
	var compact bytes.Buffer
	must(t, json.Compact(&compact, read(t, "create.review.json")))
	first := compact.String()
	const field = `"uid":"` + uid + `",`
	last := strings.TrimSuffix(strings.Replace(first, field, "", 1), "}}") + "," + strings.TrimSuffix(field, ",") + "}}"
	for sentence, body := range map[string]string{"the uid comes first": first, "the uid comes last": last} {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, "")
			readable := strings.Index(body, uid) + len(uid+`"`)
			for length := range body {
				recorder := w.post("/mutate", strings.NewReader(body[:length]))
				if length < readable {
					refused(t, recorder, "")
					continue
				}
				if r := response(t, recorder); r.UID != uid || r.Patch != nil || len(r.Warnings) != 1 {
					t.Fatalf("cut off at %d: %s", length, recorder.Body)
				}
			}
			if r := w.ask(t, "/mutate", []byte(body)); r.Patch == nil || r.Warnings != nil {
				t.Errorf("the whole: %+v", r)
			}
		})
	}
}

func TestBrokenReaders(t *testing.T) {
	begin := wrap(head + whole)[:200]
	tests := map[string]struct {
		body   io.Reader
		reason string
		hasUID bool
	}{
		"the connection breaks at once":            {errReader{}, "the connection broke", false},
		"the connection breaks behind the uid":     {io.MultiReader(strings.NewReader(begin), errReader{}), "the connection broke", true},
		"the reader panics":                        {panicReader{}, "internal error, please report it: the reader is broken", false},
		"the reader panics behind the uid":         {io.MultiReader(strings.NewReader(begin), panicReader{}), "internal error, please report it: the reader is broken", false},
		"the connection breaks behind the request": {io.MultiReader(strings.NewReader(wrap(head+whole)), errReader{}), "the connection broke", true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, "")
			recorder := w.post("/mutate", test.body)
			compare(t, map[string]float64{"failed": 1}, w.requests(t))
			if !test.hasUID {
				refused(t, recorder, test.reason)
				return
			}
			r := response(t, recorder)
			compare(t, []string{"registry-failover left the images as they are: " + test.reason}, r.Warnings)
			if r.Patch != nil {
				t.Errorf("patch %s", r.Patch)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	tests := map[string]struct {
		method, path string
		want         int
	}{
		"only POST is taken by mutate":         {http.MethodGet, "/mutate", http.StatusMethodNotAllowed},
		"only POST is taken by audit":          {http.MethodPut, "/audit", http.StatusMethodNotAllowed},
		"the API server adds its timeout":      {http.MethodPost, "/mutate?timeout=2s", http.StatusOK},
		"there is no other path":               {http.MethodPost, "/validate", http.StatusNotFound},
		"there is nothing below a path":        {http.MethodPost, "/mutate/", http.StatusNotFound},
		"there is no page at the root":         {http.MethodGet, "/", http.StatusNotFound},
		"the audit path is an ordinary answer": {http.MethodPost, "/audit", http.StatusOK},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			newWebhook(t, "").routes.ServeHTTP(recorder, httptest.NewRequest(test.method, test.path, strings.NewReader(wrap(head+whole))))
			if recorder.Code != test.want {
				t.Errorf("HTTP %d, want %d", recorder.Code, test.want)
			}
		})
	}
}
