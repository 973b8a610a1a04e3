package cloud

import "net/http"

// A refusal is the answer to a call that fails, as
// https://help.aliyun.com/document_detail/48054.html lists those of the gateway.
type refusal struct {
	status        int
	code, message string
}

var (
	invalidAPI = &refusal{http.StatusNotFound, "InvalidApi.NotFound", "Specified api is not found, please check your url and method."}

	timestampFormat  = &refusal{http.StatusBadRequest, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."}
	timestampExpired = &refusal{http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."}
	keyNotFound      = &refusal{http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found."}
	nonceUsed        = &refusal{http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already."}

	// The gateway's for security tokens; their status is not documented.
	tokenExpired   = &refusal{http.StatusBadRequest, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."}
	tokenMalformed = &refusal{http.StatusBadRequest, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed."}

	// Source: https://help.aliyun.com/document_detail/51132.html
	forbidden = &refusal{http.StatusForbidden, "Forbidden.RAM", "User not authorized to operate on the specified resource, or this API doesn't support RAM."}

	// Source: the error codes of each of ACR's pages, such as https://help.aliyun.com/document_detail/451317.html
	noPrivilege = &refusal{http.StatusForbidden, "NoPrivilege", "Access denied for this user."}

	// Source: https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-errorcodes
	oidcProvider = &refusal{http.StatusUnauthorized, "AuthenticationFail.NoPermission", "No such OIDC Provider registered."}
	oidcInvalid  = &refusal{http.StatusUnauthorized, "AuthenticationFail.OIDCToken.Invalid", "The Jwt content is invalid that cannot be recognized."}

	// Source: https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updaterecordremark
	remarkInvalid = &refusal{http.StatusBadRequest, "Zone.Remark", "50 characters long. It can only contain numbers,Chinese,English and special characters: _ - , . ,。"}

	// Source: the codes that terraform-provider-alicloud tells apart in its resources of PrivateZone; the status is not documented.
	zoneNotExists   = &refusal{http.StatusBadRequest, "Zone.NotExists", "Zone is not exists"}
	recordConflict  = &refusal{http.StatusBadRequest, "Record.Invalid.Conflict", "The record conflicts with others of its name."}
	recordNotExists = &refusal{http.StatusBadRequest, "Record.NotExists", "The record is not exists."} // the code is not documented
)

// signatureDoesNotMatch quotes what the server signed, as the SDK's wrapper for
// this error expects it (sdk/errors/signature_does_not_match_wrapper.go).
func signatureDoesNotMatch(stringToSign string) *refusal {
	return &refusal{http.StatusBadRequest, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:" + stringToSign}
}

func missing(parameter string) *refusal {
	return &refusal{http.StatusBadRequest, "Missing" + parameter, parameter + " is mandatory for this action."}
}

func invalid(parameter string) *refusal {
	return &refusal{http.StatusBadRequest, "Invalid" + parameter, "Specified parameter " + parameter + " is not valid."}
}
