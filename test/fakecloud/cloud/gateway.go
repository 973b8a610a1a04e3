package cloud

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a request's time may be off
// (https://help.aliyun.com/document_detail/48054.html).
const maxSkew = 15 * time.Minute

// parameters are those of a request, from its query and its form.
type parameters map[string]string

// admit does what the gateway does before a service sees a request. The order
// of the checks is not documented. It is called with mu held, and returns the
// actions that the caller may not use.
//
// Source: "Request syntax and signature method V2 for RPC APIs",
// https://www.alibabacloud.com/help/en/ram/common-parameters-2
func (c *Cloud) admit(method string, p parameters) (denied []string, r *refusal) {
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if p[name] == "" {
			return nil, missing(name)
		}
	}
	if p["SignatureMethod"] != "HMAC-SHA1" || p["SignatureVersion"] != "1.0" {
		return nil, invalid("SignatureMethod")
	}
	if r := c.checkTime(p["Timestamp"]); r != nil {
		return nil, r
	}
	key, denied, r := c.findKey(p)
	if r != nil {
		return nil, r
	}
	text := StringToSign(method, p)
	if !hmac.Equal([]byte(Sign(text, key)), []byte(p["Signature"])) {
		return nil, signatureDoesNotMatch(text)
	}
	for nonce, until := range c.nonces {
		if c.now().After(until) {
			delete(c.nonces, nonce)
		}
	}
	if _, used := c.nonces[p["SignatureNonce"]]; used {
		return nil, nonceUsed
	}
	c.nonces[p["SignatureNonce"]] = c.now().Add(2 * maxSkew)
	return denied, nil
}

func (c *Cloud) checkTime(text string) *refusal {
	at, err := time.Parse("2006-01-02T15:04:05Z", text)
	switch {
	case err != nil:
		return timestampFormat
	case c.now().Sub(at).Abs() > maxSkew:
		return timestampExpired
	}
	return nil
}

func (c *Cloud) findKey(p parameters) (key string, denied []string, r *refusal) {
	if s, ok := c.sessions[p["AccessKeyId"]]; ok {
		switch {
		case p["SecurityToken"] == "": // a temporary key alone is none
			return "", nil, keyNotFound
		case p["SecurityToken"] != s.token:
			return "", nil, tokenMalformed
		case !c.now().Before(s.expires):
			return "", nil, tokenExpired
		}
		return s.key, s.denied, nil
	}
	i := slices.IndexFunc(c.data.AccessKeys, func(k AccessKey) bool { return k.ID == p["AccessKeyId"] })
	if i < 0 {
		return "", nil, keyNotFound
	}
	return c.data.AccessKeys[i].Secret, c.data.AccessKeys[i].Denied, nil
}

// StringToSign is the documented one: the method, the path, and all parameters
// but the signature, sorted and percent-encoded, encoded once more.
func StringToSign(method string, p map[string]string) string {
	var names []string
	for name := range p {
		if name != "Signature" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, percent(name)+"="+percent(p[name]))
	}
	return method + "&" + percent("/") + "&" + percent(strings.Join(pairs, "&"))
}

// Sign is the HMAC-SHA1 of the text with the key and an ampersand, in base 64.
func Sign(text, key string) string {
	mac := hmac.New(sha1.New, []byte(key+"&"))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percent encodes as RFC 3986 does, which url.QueryEscape almost is.
func percent(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

// read takes a request's parameters from where they may stand.
func read(r *http.Request) (parameters, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	p := parameters{}
	for name, values := range r.Form {
		p[name] = values[0]
	}
	return p, nil
}
