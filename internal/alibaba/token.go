package alibaba

import (
	"context"
	"fmt"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/cr_ee"
)

// A Token logs in at one instance of ACR, as whoever has asked for it, until it
// ends. It can't be printed.
type Token struct {
	// Expires is when it ends: within an hour, and with the session that has asked
	// for it where that is a temporary one.
	Expires time.Time

	username, password secret
}

// NewToken makes one of what is known.
func NewToken(username, password string, expires time.Time) Token {
	return Token{expires, newSecret(username), newSecret(password)}
}

// Login is what the token hides.
func (t Token) Login() (username, password string) {
	return t.username.reveal(), t.password.reveal()
}

// ReadToken has ACR make a token for an instance. An error is one sentence.
//
// Source: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getauthorizationtoken
func (c *Client) ReadToken(ctx context.Context, id, region string) (Token, error) {
	var token Token
	err := c.registry(ctx, "GetAuthorizationToken", region, func(client *cr_ee.Client) error {
		request := cr_ee.CreateGetAuthorizationTokenRequest()
		request.InstanceId = id
		response, err := client.GetAuthorizationToken(request)
		if err != nil {
			return err
		}
		if !response.GetAuthorizationTokenIsSuccess {
			return unsuccessful(response.Code, response.RequestId)
		}
		if response.TempUsername == "" || response.AuthorizationToken == "" || response.ExpireTime <= 0 {
			return &Error{Kind: Malformed, detail: "the answer is no token with an end"}
		}
		token = NewToken(response.TempUsername, response.AuthorizationToken, time.UnixMilli(response.ExpireTime))
		return nil
	})
	if err != nil {
		return Token{}, fmt.Errorf("could not get a token of the instance %s: %w", id, err)
	}
	return token, nil
}
