package cli

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestARequestsRightInTheWordsOfARole(t *testing.T) {
	for request, want := range map[string]string{
		"GET /api/v1/nodes":                                          "list nodes in the whole cluster",
		"GET /api/v1/nodes/node-a":                                   "get nodes/node-a in the whole cluster",
		"GET /api/v1/namespaces":                                     "list namespaces in the whole cluster",
		"GET /api/v1/namespaces/shop":                                "get namespaces/shop in the whole cluster",
		"GET /api/v1/namespaces/shop/pods":                           "list pods in the namespace shop",
		"GET /api/v1/namespaces/shop/pods?watch=true":                "watch pods in the namespace shop",
		"GET /api/v1/namespaces/shop/pods/web/log":                   "get pods/web/log in the namespace shop",
		"PATCH /api/v1/namespaces/shop/configmaps/x":                 "patch configmaps/x in the namespace shop",
		"PUT /api/v1/namespaces/shop/configmaps/x":                   "update configmaps/x in the namespace shop",
		"POST /api/v1/namespaces/shop/pods":                          "create pods in the namespace shop",
		"DELETE /api/v1/namespaces/shop/pods/x":                      "delete pods/x in the namespace shop",
		"DELETE /api/v1/namespaces/shop/pods":                        "deletecollection pods in the namespace shop",
		"GET /apis/coordination.k8s.io/v1/namespaces/shop/leases":    "list leases.coordination.k8s.io in the namespace shop",
		"GET /k8s/clusters/c-1/apis/apps/v1/namespaces/s/daemonsets": "list daemonsets.apps in the namespace s",
		"GET /version": "get /version",
		"GET /apis":    "get /apis",
	} {
		method, target, _ := strings.Cut(request, " ")
		if got := rightOf(httptest.NewRequest(method, target, nil)).String(); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

func TestARefusalNamesTheRight(t *testing.T) {
	const denied = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":`
	for sentence, test := range map[string]struct {
		method, body string
		status       int
		want         string
	}{
		"as Kubernetes refuses it": {
			"GET", denied + `"pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\": RBAC: x not found"}`, 403,
			`"jane" lacks the right to list pods in the namespace shop`,
		},
		"as another authorizer refuses it":   {"GET", denied + `"no"}`, 403, "you lack the right to list pods in the namespace shop"},
		"a write that the authorizer denies": {"POST", denied + `"pods is forbidden: User \"jane\" cannot create resource \"pods\""}`, 403, `"jane" lacks the right to create pods in the namespace shop`},
		"a write that a policy denies":       {"POST", denied + `"ValidatingAdmissionPolicy 'x' denied request: no"}`, 403, "ValidatingAdmissionPolicy 'x' denied request: no"},
		"a page of a proxy":                  {"GET", "<html>forbidden</html>", 403, "<html>forbidden</html>"},
		"what isn't a refusal":               {"GET", `{"kind":"Status","apiVersion":"v1","reason":"Forbidden","message":"odd"}`, 500, "odd"},
	} {
		t.Run(sentence, func(t *testing.T) {
			transport := rightsTransport{answer(func(*http.Request) *http.Response {
				return &http.Response{StatusCode: test.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(test.body))}
			})}
			response, err := transport.RoundTrip(httptest.NewRequest(test.method, "/api/v1/namespaces/shop/pods", nil))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err := errors.Join(err, response.Body.Close()); err != nil {
				t.Fatal(err)
			}
			got := struct{ Message, Reason string }{Message: string(body)}
			if strings.HasPrefix(test.body, "{") {
				if err := json.Unmarshal(body, &got); err != nil || got.Reason != "Forbidden" {
					t.Errorf("%v: %s", err, body)
				}
			}
			if got.Message != test.want || response.StatusCode != test.status {
				t.Errorf("got %d %q, want %q", response.StatusCode, got.Message, test.want)
			}
		})
	}
}

// answer is a connection that answers so.
type answer func(*http.Request) *http.Response

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
