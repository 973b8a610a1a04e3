package alibaba

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestWhatBecomesOfACallThatFails(t *testing.T) {
	for sentence, test := range map[string]struct {
		fault cloud.Fault
		kind  Kind
		calls int
		want  string
	}{
		"throttled":                 {cloud.Fault{Code: "Throttling"}, Throttled, attempts, "Throttling: "},
		"throttled, as a user":      {cloud.Fault{Code: "Throttling.User"}, Throttled, attempts, "Throttling.User: "},
		"an error of the service":   {cloud.Fault{Code: "InternalError", Status: 500}, Temporary, attempts, "InternalError"},
		"a busy service":            {cloud.Fault{Code: "System.Busy"}, Temporary, attempts, "System.Busy"},
		"an unavailable service":    {cloud.Fault{Code: "ServiceUnavailable", Status: 503}, Temporary, attempts, "ServiceUnavailable"},
		"a page of a load balancer": {cloud.Fault{Body: "<html>Bad Gateway " + keySecret + "</html>", Status: 502}, Temporary, attempts, "HTTP status 502 without an error code"},
		"a dropped connection":      {cloud.Fault{Drop: true}, Temporary, attempts, "unexpected EOF"},
		"a connection cut off":      {cloud.Fault{Cut: true}, Temporary, attempts, ""},
		"a slow service":            {cloud.Fault{DelaySeconds: 3600}, Temporary, attempts, "context deadline exceeded"},
		"a redirect":                {cloud.Fault{Redirect: "https://elsewhere.test/"}, Temporary, attempts, "the service redirects"},
		"no permission":             {cloud.Fault{Code: "Forbidden.RAM", Status: 403}, Denied, 1, "; allow pvtz:DescribeZones in the RAM policy"},
		"no permission, elsewhere":  {cloud.Fault{Code: "NoPermission", Status: 403}, Denied, 1, "NoPermission"},
		"a wrong signature":         {cloud.Fault{Code: "SignatureDoesNotMatch", Status: 403}, Unauthenticated, 1, "; check the credentials"},
		"a key that isn't there":    {cloud.Fault{Code: "InvalidAccessKeyId.NotFound", Status: 404}, Unauthenticated, 1, "InvalidAccessKeyId.NotFound"},
		"a wrong clock":             {cloud.Fault{Code: "InvalidTimeStamp.Expired"}, ClockSkew, 1, "; the cloud allows 15 minutes"},
		"an unknown code":           {cloud.Fault{Code: "Zone.Invalid.Id"}, Refused, 1, "Zone.Invalid.Id"},
		"an answer without JSON":    {cloud.Fault{Body: "hello"}, Malformed, 1, "the answer isn't the JSON"},
		// The SDK panics here: https://github.com/aliyun/alibaba-cloud-sdk-go, sdk/errors/server_error.go.
		"an error with a number for an id":      {cloud.Fault{Body: `{"RequestId":5}`, Status: 400}, Malformed, 1, "the SDK could not read the answer"},
		"an error with a list for its code":     {cloud.Fault{Body: `{"Code":[]}`, Status: 500}, Malformed, 1, "the SDK could not read the answer"},
		"an answer that is longer than allowed": {cloud.Fault{Body: strings.Repeat(" ", maxAnswer+1)}, Temporary, attempts, "the answer is longer than 4 MiB"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, twoRegions(t), validKey)
				w.Inject(test.fault)
				_, err := w.client.ReadZones(t.Context(), "z.test")
				if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
				}
				if got := len(w.Calls()); got != test.calls {
					t.Errorf("called %d times, want %d", got, test.calls)
				}
				counted := testutil.ToFloat64(w.client.metrics.calls.WithLabelValues("pvtz", "DescribeZones", string(test.kind)))
				if int(counted) != test.calls {
					t.Errorf("%v calls are counted, want %d", counted, test.calls)
				}
				if strings.Contains(fmt.Sprint(err), "1B21A877") {
					t.Errorf("the error carries the request's id: %v", err)
				}
			})
		})
	}
}

func TestAFailureThatPassesIsNoFailure(t *testing.T) {
	for _, fault := range []cloud.Fault{
		{Code: "Throttling.User", Times: attempts - 1}, {Code: "InternalError", Status: 500, Times: attempts - 1},
		{Drop: true, Times: 1}, {Cut: true, Times: 1}, {DelaySeconds: 60, Times: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, twoRegions(t), validKey)
			w.Inject(fault)
			if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
				t.Errorf("%+v: got %v, %v", fault, zones, err)
			}
		})
	}
}

// TestThrottledForAnHour reads once a minute, as a controller would.
func TestThrottledForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.Inject(cloud.Fault{Code: "Throttling.User"})
		for begun := time.Now(); time.Since(begun) < time.Hour; time.Sleep(time.Minute) {
			if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); KindOf(err) != Throttled {
				t.Fatalf("got %v", err)
			}
		}
		// A pause is 1 to 2 minutes long in the end.
		if calls := len(w.Calls()); calls < 25 || calls > 70 {
			t.Errorf("called %d times within the hour", calls)
		}
		w.Heal()
		if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
			t.Errorf("afterwards: %v, %v", zones, err)
		}
		begun := time.Now()
		if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || time.Since(begun) > time.Second {
			t.Errorf("afterwards it took %s: %v", time.Since(begun), err)
		}
		if waited := testutil.ToFloat64(w.client.metrics.waited); waited < 1800 {
			t.Errorf("the calls have waited for %v s", waited)
		}
	})
}

// TestTenEndpointsAreReadWithinTheBudget reads them as the controller does, 30 s
// after it has read them before.
func TestTenEndpointsAreReadWithinTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		begun := time.Now()
		for time.Since(begun) < time.Hour {
			round := time.Now()
			for range 10 {
				if _, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(round); took > 13*time.Second {
				t.Errorf("a reading took %s", took)
			}
			time.Sleep(30 * time.Second)
		}
		if perMinute := float64(len(w.Calls())) / time.Since(begun).Minutes(); perMinute < 56 || perMinute > 58 {
			t.Errorf("%.1f calls a minute", perMinute)
		}
	})
}

func TestACallersTimeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.Inject(cloud.Fault{DelaySeconds: 3600})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := w.client.ReadZones(ctx, "z.test")
		if took := time.Since(begun); err == nil || took != 3*time.Second {
			t.Errorf("it took %s: %v", took, err)
		}
		w.Heal()
		w.Inject(cloud.Fault{Code: "Throttling"})
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		// The reason for waiting says more than that the time is over.
		if _, err := w.client.ReadZones(ctx, "z.test"); KindOf(err) != Throttled {
			t.Errorf("got %v", err)
		}
	})
}

func TestTwoReadersDontMeet(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.listen(t)
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := w.client.ReadZones(t.Context(), "cross-region.registry.io")
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestOverHTTPS(t *testing.T) {
	t.Run("an answer that is cut off", func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.listen(t)
		w.Inject(cloud.Fault{Cut: true, Times: 1})
		if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
			t.Errorf("got %v, %v", zones, err)
		}
	})
	t.Run("a slow answer, and a caller without time", func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.listen(t)
		w.Inject(cloud.Fault{DelaySeconds: 3600})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := w.client.ReadZones(ctx, "z.test"); err == nil || !strings.Contains(err.Error(), "context deadline exceeded") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		w.listen(t)
		untrusting := newTransport(nil)
		t.Cleanup(untrusting.CloseIdleConnections)
		w.client.transport = untrusting
		if _, err := w.client.ReadZones(t.Context(), "z.test"); KindOf(err) != Refused || !strings.Contains(err.Error(), "x509: certificate signed by unknown authority") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a server without TLS", func(t *testing.T) {
		w := newWorld(t, twoRegions(t), validKey)
		plain := httptest.NewServer(http.NotFoundHandler())
		defer plain.Close()
		transport := newTransport(nil)
		t.Cleanup(transport.CloseIdleConnections)
		w.client.transport = transport
		w.client.addresses.PrivateZone = strings.TrimPrefix(plain.URL, "http://")
		if _, err := w.client.ReadZones(t.Context(), "z.test"); KindOf(err) != Refused || !strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheSDKsDebuggingIsRefused(t *testing.T) {
	t.Setenv("DEBUG", "other,sdk")
	_, err := New(Options{Metrics: prometheus.NewRegistry()})
	if err == nil || !strings.Contains(err.Error(), "DEBUG=sdk") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnusableClientTellsWhy(t *testing.T) {
	reason := errors.New("no credentials are configured")
	c := Unusable(reason)
	defer c.Close()
	_, zones := c.ReadZones(t.Context(), "z.test")
	_, instance := c.ReadInstance(t.Context(), "cri-aaaaa", "cn-hangzhou")
	for _, err := range []error{zones, instance, c.Change(t.Context(), Change{Action: DeleteZoneRecord})} {
		if !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAnErrorOfAnotherPackageIsTemporary(t *testing.T) {
	if got := KindOf(errors.New("x")); got != Temporary {
		t.Errorf("got %s", got)
	}
}
