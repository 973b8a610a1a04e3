package cloud

import (
	"testing"
	"time"
)

// TestSign takes the example of the documents:
// https://www.alibabacloud.com/help/en/ram/common-parameters-2
func TestSign(t *testing.T) {
	text := StringToSign("GET", map[string]string{
		"Timestamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid", "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1",
		"SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Version": "2014-05-26", "SignatureVersion": "1.0", "Signature": "not signed",
	})
	if got, want := Sign(text, "testsecret"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY="; got != want {
		t.Errorf("got %s, want %s of %s", got, want, text)
	}
	if got, want := StringToSign("POST", map[string]string{"a b": "*~+/ü"}), "POST&%2F&a%2520b%3D%252A~%252B%252F%25C3%25BC"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGateway(t *testing.T) {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05Z") }
	for sentence, test := range map[string]struct {
		p      parameters
		status int
		code   string
	}{
		"all is well":               {nil, 200, ""},
		"no key":                    {parameters{"AccessKeyId": ""}, 400, "MissingAccessKeyId"},
		"an unknown key":            {parameters{"AccessKeyId": "other"}, 404, "InvalidAccessKeyId.NotFound"},
		"a wrong signature":         {parameters{"Signature": "x"}, 400, "SignatureDoesNotMatch"},
		"another method of signing": {parameters{"SignatureMethod": "HMAC-SHA256"}, 400, "InvalidSignatureMethod"},
		"a time that is none":       {parameters{"Timestamp": "now"}, 400, "InvalidTimeStamp.Format"},
		"a time that is over":       {parameters{"Timestamp": at(-16 * time.Minute)}, 400, "InvalidTimeStamp.Expired"},
		"a time to come":            {parameters{"Timestamp": at(16 * time.Minute)}, 400, "InvalidTimeStamp.Expired"},
		"a time that is near":       {parameters{"Timestamp": at(-14 * time.Minute)}, 200, ""},
		"no permission":             {parameters{"AccessKeyId": "poor"}, 403, "Forbidden.RAM"},
		"an unknown action":         {parameters{"Action": "BindZoneVpc"}, 404, "InvalidApi.NotFound"},
		"another version":           {parameters{"Version": "2018-12-01"}, 404, "InvalidApi.NotFound"},
	} {
		t.Run(sentence, func(t *testing.T) {
			status, content := send(t, example(), sign("2018-01-01", "DescribeZones", test.p))
			if code, _ := content["Code"].(string); status != test.status || code != test.code {
				t.Errorf("got %d %v, want %d %s", status, content, test.status, test.code)
			}
			if content["RequestId"] == "" {
				t.Error("the answer has no id")
			}
		})
	}
}

func TestANonceIsUsedOnce(t *testing.T) {
	c := example()
	p := sign("2018-01-01", "DescribeZones", nil)
	if status, _ := send(t, c, p); status != 200 {
		t.Fatal(status)
	}
	if _, content := send(t, c, p); content["Code"] != "SignatureNonceUsed" {
		t.Errorf("got %v", content)
	}
}

func TestSessions(t *testing.T) {
	c := example()
	now := time.Now().UTC().Format("2006-01-02T15:04:05Z")
	assume := parameters{
		"Action": "AssumeRoleWithOIDC", "Version": "2015-04-01", "Timestamp": now,
		"RoleArn": "arn", "OIDCProviderArn": "provider", "OIDCToken": "token", "RoleSessionName": "x",
	}
	_, content := send(t, c, assume)
	issued := content["Credentials"].(map[string]any)
	with := func(token string) string {
		p := sign("2018-01-01", "DescribeZones", parameters{"AccessKeyId": issued["AccessKeyId"].(string), "SecurityToken": token, "Signature": ""})
		p["Signature"] = Sign(StringToSign("POST", p), issued["AccessKeySecret"].(string))
		_, content := send(t, c, p)
		code, _ := content["Code"].(string)
		return code
	}
	for token, want := range map[string]string{issued["SecurityToken"].(string): "", "": "InvalidAccessKeyId.NotFound", "other": "InvalidSecurityToken.Malformed"} {
		if got := with(token); got != want {
			t.Errorf("with the token %q: got %q, want %q", token, got, want)
		}
	}
	c.ExpireSessions()
	if got := with(issued["SecurityToken"].(string)); got != "InvalidSecurityToken.Expired" {
		t.Errorf("after its end: %q", got)
	}
	for name, want := range map[string]string{"OIDCToken": "AuthenticationFail.OIDCToken.Invalid", "RoleArn": "AuthenticationFail.NoPermission", "DurationSeconds": "InvalidDurationSeconds"} {
		wrong := parameters{name: "10"}
		for n, v := range assume {
			if n != name {
				wrong[n] = v
			}
		}
		if _, content := send(t, c, wrong); content["Code"] != want {
			t.Errorf("with another %s: %v", name, content)
		}
	}
}
