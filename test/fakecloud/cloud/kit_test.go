package cloud

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// example has one zone, one instance, one key and a key without permissions.
func example() *Cloud {
	return New(Data{
		AccessKeys: []AccessKey{{ID: "id", Secret: "key"}, {ID: "poor", Secret: "key", Denied: []string{"DescribeZones"}}},
		Roles:      []Role{{Name: "role", ARN: "arn", OIDCProvider: "provider", OIDCToken: "token"}, {Name: "node"}},
		Zones:      []Zone{{ID: "zone", Name: "a.test", Records: []Record{{ID: 1, RR: "@", Type: "A", Value: "10.0.0.1"}}}},
		Instances:  []Instance{{ID: "cri-1", Region: "cn-hangzhou", Public: Endpoint{Host: "a.example", Enabled: true}}},
	})
}

var nonce int

// sign completes a request's parameters, as they are when nobody says otherwise.
func sign(version, action string, p parameters) parameters {
	nonce++
	all := parameters{
		"Action": action, "Version": version, "Format": "JSON", "AccessKeyId": "id", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": strconv.Itoa(nonce), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
	maps.Copy(all, p)
	if _, given := all["Signature"]; !given {
		all["Signature"] = Sign(StringToSign(http.MethodPost, all), "key")
	}
	return all
}

// send returns the answer and its HTTP status.
func send(t *testing.T, c *Cloud, p parameters) (int, map[string]any) {
	t.Helper()
	query := url.Values{}
	for name, value := range p {
		query.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	c.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/?"+query.Encode(), http.NoBody))
	var content map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &content); err != nil {
		t.Fatalf("%v: %s", err, recorder.Body)
	}
	return recorder.Code, content
}

// code is that of an action's answer, empty when it succeeded.
func code(t *testing.T, c *Cloud, action string, p parameters) string {
	t.Helper()
	_, content := send(t, c, sign("2018-01-01", action, p))
	code, _ := content["Code"].(string)
	return code
}
