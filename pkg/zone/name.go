package zone

import "strings"

// IsDNSName says whether the text is a lowercase DNS name of RFC 1123 host name
// labels, without a final dot: at most 253 characters, labels of 1 to 63.
// Node names and the names of shared endpoints are of this form.
func IsDNSName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// isDNSTarget is IsDNSName for the far end of a CNAME, where the underscore is met too.
func isDNSTarget(s string) bool {
	return IsDNSName(strings.ReplaceAll(s, "_", "x"))
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
