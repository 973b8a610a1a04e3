package alibaba

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestReadTokenOverHTTPS(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.listen(t)
	begun := time.Now()
	token, err := w.client.ReadToken(t.Context(), "cri-bbbbb", "cn-zhangjiakou")
	if err != nil {
		t.Fatal(err)
	}
	username, password := token.Login()
	if username != "cr_temp_user" || !strings.HasPrefix(password, "registry+token/cri-bbbbb/") {
		t.Errorf("the login is %q with %q", username, password)
	}
	if lives := token.Expires.Sub(begun); lives < time.Hour-time.Second || lives > time.Hour+time.Minute {
		t.Errorf("it lives for %v", lives)
	}
	again, err := w.client.ReadToken(t.Context(), "cri-bbbbb", "cn-zhangjiakou")
	if err != nil {
		t.Fatal(err)
	}
	if _, other := again.Login(); other == password {
		t.Error("the second is the first")
	}
}

// TestATokenEndsWithItsSession, which is the rule of the API and not of the client:
// whoever schedules by an hour would be late.
func TestATokenEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := twoRegions(t)
		w := newWorld(t, data, nil)
		w.keeper.fetcher = rrsa(t, w, data.Roles[0].OIDCToken)
		w.SetLifetime(40 * time.Minute)
		if _, err := w.keeper.Session(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		token, err := w.client.ReadToken(t.Context(), "cri-aaaaa", "cn-hangzhou")
		if err != nil {
			t.Fatal(err)
		}
		if lives := time.Until(token.Expires).Round(time.Minute); lives != 30*time.Minute {
			t.Errorf("it lives for %v", lives)
		}
	})
}

func TestATokenThatCantBeRead(t *testing.T) {
	const whole = `{"IsSuccess":true,"Code":"success","TempUsername":"u","AuthorizationToken":"p","ExpireTime":1571242083000}`
	for sentence, test := range map[string]struct {
		id    string
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"HTTP 200 without success":     {fault: cloud.Fault{Unsuccessful: true, Code: "INSTANCE_STATUS_ERROR"}, kind: Refused, want: "cr GetAuthorizationToken failed: INSTANCE_STATUS_ERROR"},
		"a right that is missing":      {fault: cloud.Fault{Code: "NoPrivilege", Status: 403}, kind: Denied, want: "allow cr:GetAuthorizationToken in the RAM policy"},
		"an instance that isn't there": {id: "cri-zzzzz", kind: Refused, want: "could not get a token of the instance cri-zzzzz: cr GetAuthorizationToken failed: INSTANCE_NOT_EXIST"},
		"an answer that says nothing":  {fault: cloud.Fault{Body: `{}`}, kind: Malformed, want: "doesn't say"},
		"no user":                      {fault: cloud.Fault{Body: strings.Replace(whole, `"u"`, `""`, 1)}, kind: Malformed, want: "no token with an end"},
		"no password":                  {fault: cloud.Fault{Body: strings.Replace(whole, `"p"`, `""`, 1)}, kind: Malformed, want: "no token with an end"},
		"no end":                       {fault: cloud.Fault{Body: strings.Replace(whole, `1571242083000`, `0`, 1)}, kind: Malformed, want: "no token with an end"},
		"another kind of answer":       {fault: cloud.Fault{Body: strings.Replace(whole, `"p"`, `["s3cret"]`, 1)}, kind: Malformed, want: "isn't the JSON that the API documents"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, twoRegions(t), validKey)
				test.fault.Action = "GetAuthorizationToken"
				if test.id == "" {
					test.id = "cri-aaaaa"
					w.Inject(test.fault)
				}
				_, err := w.client.ReadToken(t.Context(), test.id, "cn-hangzhou")
				if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
				}
			})
		})
	}
}
