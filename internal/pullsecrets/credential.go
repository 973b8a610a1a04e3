package pullsecrets

import (
	"fmt"
	"log/slog"
)

// TemporaryUser is who ACR's temporary tokens are for: the answer of
// GetAuthorizationToken names it as TempUsername. Such a token lives for an hour.
const TemporaryUser = "cr_temp_user"

// Credential is one entry of a Secret. It prints without its password.
type Credential struct {
	// Registry is what the credential is for, as kubelet reads it: host[:port][/path].
	// An element of the host may be a pattern of path.Match; the path is a prefix.
	Registry string
	Username string
	Password string
}

// Temporary tells whether the password is one of ACR's that end within an hour.
func (c Credential) Temporary() bool { return c.Username == TemporaryUser }

// String names what the credential is for, and nothing of its content.
func (c Credential) String() string { return "credential for " + c.Registry }

// Format is asked by fmt whatever the verb: %#v and %+v would print the password.
func (c Credential) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue is asked by slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON keeps the password out of whatever prints as JSON.
func (c Credential) MarshalJSON() ([]byte, error) { return []byte(`"a credential"`), nil }
