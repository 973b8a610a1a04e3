package cloud

import (
	"errors"
	"fmt"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// setup is the verb that makes calls where an API exists.
const setup = "kubectl registry-failover setup"

// moreTime is what to do where the time was over before a call was made.
const moreTime = "give more time with --timeout"

func ok(subject, format string, a ...any) checks.Finding {
	return checks.Finding{Level: checks.OK, Subject: subject, Text: fmt.Sprintf(format, a...)}
}

func find(level checks.Level, subject, text, remedy string) checks.Finding {
	return checks.Finding{Level: level, Subject: subject, Text: text, Remedy: remedy}
}

// unknown tells why something couldn't be looked at.
func unknown(subject string, err error) checks.Finding {
	if right := missing(err); right != "" {
		return find(checks.Unknown, subject, "not looked at: the right "+right+" is missing", "allow "+right+" in the RAM policy of these credentials")
	}
	f := find(checks.Unknown, subject, "not looked at: "+err.Error(), "run this again; if it stays so, the error tells what to look at")
	switch {
	case errors.Is(err, alibaba.ErrNoTime):
		f.Late, f.Remedy = true, moreTime
	case errors.Is(err, errTooMany):
		f.Remedy = "make rules for whole namespaces: " + setup + " shows the calls"
	case alibaba.KindOf(err) == alibaba.Unauthenticated:
		f.Remedy = "check the credentials"
	case alibaba.KindOf(err) == alibaba.ClockSkew:
		f.Remedy = "set this machine's clock"
	case alibaba.KindOf(err) == alibaba.Refused:
		f.Remedy = "compare id and region of the instance in the configuration with ACR's console"
	}
	return f
}

// missing is the right that a call lacked; empty where it failed otherwise.
func missing(err error) string {
	e, is := errors.AsType[*alibaba.Error](err)
	if !is || e.Kind != alibaba.Denied {
		return ""
	}
	return alibaba.Right(e.Service, e.Action)
}

// some lists the first few, as many as a sentence bears.
func some(names []string) string {
	const few = 5
	text := strings.Join(names[:min(few, len(names))], ", ")
	if more := len(names) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
