package alibaba

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// issued is how STS and the metadata service write a session.
type issued struct {
	AccessKeyID     string `json:"AccessKeyId"`
	AccessKeySecret string
	SecurityToken   string
	Expiration      string
}

// session checks that all is there.
func (i issued) session(service, action string) (Session, error) {
	expires, err := time.Parse(time.RFC3339, i.Expiration)
	if err != nil || i.AccessKeyID == "" || i.AccessKeySecret == "" || i.SecurityToken == "" {
		return Session{}, &Error{Service: service, Action: action, Kind: Malformed, detail: "the answer is no session with an end"}
	}
	return Session{accessKeyID: i.AccessKeyID, key: newSecret(i.AccessKeySecret), token: newSecret(i.SecurityToken), Expires: expires}, nil
}

// exchange makes a request of whoever issues sessions, and returns the answer's
// body. Words are what may not stand in an error; there is at least one, so
// that each error is one line.
func exchange(base http.RoundTripper, request *http.Request, service, action string, words ...string) ([]byte, error) {
	client := http.Client{Transport: bound{ctx: request.Context(), base: base}}
	response, err := client.Do(request)
	refuse := func(kind Kind, code, requestID, detail string) *Error {
		for _, word := range words {
			code, detail = clean(code, requestID, Session{key: newSecret(word)}), clean(detail, requestID, Session{key: newSecret(word)})
		}
		return &Error{Service: service, Action: action, Kind: kind, Code: code, RequestID: requestID, detail: detail}
	}
	if err != nil {
		return nil, refuse(network(err), "", "", withoutURL(err).Error())
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, refuse(Temporary, "", "", err.Error())
	}
	if response.StatusCode == http.StatusOK {
		return body, nil
	}
	var said struct {
		Code, Message string
		RequestID     string `json:"RequestId"`
	}
	if json.Unmarshal(body, &said) != nil || said.Code == "" {
		return nil, refuse(classify("", response.StatusCode), "", "", fmt.Sprintf("HTTP status %d without an error code", response.StatusCode))
	}
	return nil, refuse(classify(said.Code, response.StatusCode), said.Code, said.RequestID, said.Message)
}

// newRequest makes a request with one header.
func newRequest(ctx context.Context, method, url string, body io.Reader, header, value string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set(header, value)
	return request, nil
}
