package alibaba

import (
	"net/http"
	"strings"
)

// A Kind is what a failed call means for whoever made it.
type Kind string

const (
	// Throttled calls came too often; they may be made again later.
	Throttled Kind = "throttled"
	// Expired is the session: a new one helps.
	Expired Kind = "expired"
	// Unauthenticated calls have a wrong key or signature, or an OIDC token that is refused.
	Unauthenticated Kind = "unauthenticated"
	// ClockSkew is more than the 15 minutes that the cloud allows.
	ClockSkew Kind = "clock-skew"
	// Denied calls lack a RAM permission.
	Denied Kind = "denied"
	// Temporary failures are the network's or the service's own.
	Temporary Kind = "temporary"
	// Malformed answers aren't what the API documents, or contradict themselves.
	Malformed Kind = "malformed"
	// Refused calls aren't any of the others, such as for an instance that doesn't exist.
	Refused Kind = "refused"
)

// Kinds are all that there are.
func Kinds() []Kind {
	return []Kind{Throttled, Expired, Unauthenticated, ClockSkew, Denied, Temporary, Malformed, Refused}
}

// classify reads an error code. Documents of the gateway and of single services
// give the same codes different HTTP statuses (SignatureDoesNotMatch is 400 and
// 403), so the status counts only where the code says nothing.
//
// Sources: https://help.aliyun.com/document_detail/48054.html (gateway),
// https://help.aliyun.com/en/dns/error-code (PrivateZone),
// https://help.aliyun.com/document_detail/451317.html (ACR),
// https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-errorcodes (STS).
func classify(code string, status int) Kind {
	switch {
	case strings.HasPrefix(code, "Throttling"), status == http.StatusTooManyRequests:
		return Throttled
	case code == "InvalidSecurityToken.Expired":
		return Expired
	case strings.HasPrefix(code, "InvalidTimeStamp"):
		return ClockSkew
	// The nonce is new for each call: one that was used is a request that the network has sent twice.
	case code == "SignatureNonceUsed":
		return Temporary
	case code == "SignatureDoesNotMatch", code == "IncompleteSignature",
		strings.HasPrefix(code, "InvalidAccessKeyId"), strings.HasPrefix(code, "InvalidSecurityToken"),
		strings.HasPrefix(code, "AuthenticationFail."):
		return Unauthenticated
	case strings.HasPrefix(code, "Forbidden"), code == "NoPermission", code == "NoPrivilege", code == "USER_AUTH_REJECT":
		return Denied
	case strings.HasPrefix(code, "ServiceUnavailable"), strings.HasPrefix(code, "InternalError"), code == "System.Busy":
		return Temporary
	case status >= http.StatusInternalServerError:
		return Temporary
	case code == "" && status == http.StatusForbidden:
		return Denied
	default:
		return Refused
	}
}
