package alibaba

import (
	"context"
	"fmt"
)

// The variables that Alibaba Cloud's own tools take credentials from.
//
// Source: https://www.alibabacloud.com/help/en/doc-detail/378656.html and
// https://aliyun.github.io/iac-code/docs/configuration/alibaba-cloud-credentials for the token.
const (
	EnvAccessKeyID     = "ALIBABA_CLOUD_ACCESS_KEY_ID"
	EnvAccessKeySecret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	EnvSecurityToken   = "ALIBABA_CLOUD_SECURITY_TOKEN"
)

// Environment holds a session that a person has put into the environment.
type Environment struct{ session Session }

// NewEnvironment reads the three variables by getenv. It returns nil where neither
// id nor secret is there, and an error where one of both is missing.
func NewEnvironment(getenv func(string) string) (*Environment, error) {
	id, key, token := getenv(EnvAccessKeyID), getenv(EnvAccessKeySecret), getenv(EnvSecurityToken)
	switch {
	case id == "" && key == "":
		return nil, nil
	case id == "":
		return nil, fmt.Errorf("%s is set and %s isn't: set both", EnvAccessKeySecret, EnvAccessKeyID)
	case key == "":
		return nil, fmt.Errorf("%s is set and %s isn't: set both", EnvAccessKeyID, EnvAccessKeySecret)
	}
	return &Environment{Session{accessKeyID: id, key: newSecret(key), token: newSecret(token)}}, nil
}

// Fetch returns what the environment had.
func (e *Environment) Fetch(context.Context) (Session, error) { return e.session, nil }
