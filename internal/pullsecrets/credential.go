package pullsecrets

import (
	"fmt"
	"log/slog"
)

// TemporaryUser is who ACR's temporary tokens are for, as people see it: the TempUsername
// of GetAuthorizationToken. Such a token lives for an hour at most. The example on
// the call's own page has another name.
//
// Sources: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getauthorizationtoken,
// https://www.alibabacloud.com/help/doc-detail/72334.htm
const (
	TemporaryUser      = "cr_temp_user"
	otherTemporaryUser = "temp_user_cr"
)

// Credential is one entry of a Secret. Whatever prints it, alone or as a part of
// something else, prints neither user nor password.
type Credential struct {
	// Registry is what the credential is for, as kubelet reads it: host[:port][/path].
	// An element of the host may be a pattern of path.Match; the path is a prefix.
	Registry string

	// A function, because that is all that fmt shows of one, even where a verb that
	// doesn't fit lets it pass by the methods of what is inside.
	login func() (username, password string)
}

// NewCredential returns one for a registry.
func NewCredential(registry, username, password string) Credential {
	return Credential{registry, func() (string, string) { return username, password }}
}

// Login is what the credential hides.
func (c Credential) Login() (username, password string) {
	if c.login == nil {
		return "", ""
	}
	return c.login()
}

// None tells whether it is the zero value, with which nobody logs in.
func (c Credential) None() bool { return c.login == nil }

// Temporary tells whether the password is one of ACR's that end within an hour.
func (c Credential) Temporary() bool {
	username, _ := c.Login()
	return username == TemporaryUser || username == otherTemporaryUser
}

// String names what the credential is for, and nothing of its content.
func (c Credential) String() string { return "credential for " + c.Registry }

// Format is asked by fmt whatever the verb.
func (c Credential) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue is asked by slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }
