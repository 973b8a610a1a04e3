package cloud

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFaultsComeAndGo(t *testing.T) {
	c := example()
	c.Inject(Fault{Action: "DescribeZones", Code: "Throttling", Skip: 1, Times: 2})
	var got []string
	for range 4 {
		got = append(got, code(t, c, "DescribeZones", nil))
		if other := code(t, c, "DescribeZoneRecords", parameters{"ZoneId": "zone"}); other != "" {
			t.Errorf("another action fails: %s", other)
		}
	}
	if all := strings.Join(got, ","); all != ",Throttling,Throttling," {
		t.Errorf("got %s", all)
	}
}

func TestAdmin(t *testing.T) {
	c := example()
	do := func(method, path, body string) int {
		recorder := httptest.NewRecorder()
		c.Admin().ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
		return recorder.Code
	}
	for _, test := range []struct {
		method, path, body string
		want               int
		code               string // of the next call
	}{
		{http.MethodPost, "/faults", `{"code":"InternalError","status":500}`, 204, "InternalError"},
		{http.MethodPost, "/faults", `{"kode":"InternalError"}`, 400, "InternalError"},
		{http.MethodDelete, "/faults", "", 204, ""},
		{http.MethodPost, "/skew?by=20m", "", 204, "InvalidTimeStamp.Expired"},
		{http.MethodPost, "/skew?by=much", "", 400, "InvalidTimeStamp.Expired"},
		{http.MethodPost, "/skew?by=0s", "", 204, ""},
		{http.MethodPost, "/sessions/expire", "", 204, ""},
		{http.MethodPut, "/data", "zones: x", 400, ""},
		{http.MethodPut, "/data", "accessKeys: []", 204, "InvalidAccessKeyId.NotFound"},
		{http.MethodGet, "/calls", "", 200, "InvalidAccessKeyId.NotFound"},
	} {
		if got := do(test.method, test.path, test.body); got != test.want {
			t.Errorf("%s %s: got %d, want %d", test.method, test.path, got, test.want)
		}
		if got := code(t, c, "DescribeZones", nil); got != test.code {
			t.Errorf("after %s %s: got %q, want %q", test.method, test.path, got, test.code)
		}
	}
	if len(c.Calls()) != 10 {
		t.Errorf("%d calls", len(c.Calls()))
	}
}
