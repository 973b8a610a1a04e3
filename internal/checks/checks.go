package checks

import (
	"context"
	"slices"
	"strings"
)

// A Code names a check for people, scripts and docs/checks.md: words in capitals
// with hyphens, such as CUSTOM-DOMAIN. It never changes its meaning.
type Code string

// Docs is the section about the check in the repository's documents.
func (c Code) Docs() string { return "docs/checks.md#" + strings.ToLower(string(c)) }

// A Level tells how a finding is to be taken.
type Level string

const (
	// OK says that what was looked at is as it should be.
	OK Level = "ok"
	// Warning says that a failover may work, but somebody should look.
	Warning Level = "warning"
	// Failed says that a failover, or every new pod, would fail.
	Failed Level = "failed"
	// Unknown says that it couldn't be looked at; the text tells why, the remedy what is missing.
	Unknown Level = "unknown"
)

// levels are all, from good to bad.
var levels = []Level{OK, Unknown, Warning, Failed}

// A Finding is one thing that a check has seen, in one sentence.
type Finding struct {
	Level Level `json:"level"`
	// Endpoint is the shared endpoint that it is about; empty where it is about none alone.
	Endpoint string `json:"endpoint,omitempty"`
	// Subject is what was looked at, such as hangzhou, hangzhou/public or
	// constraint/allowed-repos.
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	// Remedy is what to do, in one sentence; never empty unless the level is OK.
	Remedy string `json:"remedy,omitempty"`
	// Late says that there was no time left to look at it.
	Late bool `json:"-"`
}

// A Check is one thing to look at.
type Check struct {
	Code Code
	// About says in a few words what should be so, such as "every instance carries the custom domain".
	About string
	// Run looks, until ctx ends, and gives at least one finding: nothing is fine
	// that nobody could look at.
	Run func(ctx context.Context) []Finding
}

// A Result is what a check has found.
type Result struct {
	Code  Code   `json:"code"`
	About string `json:"about"`
	// Docs is where the check is explained, as [Code.Docs] gives it.
	Docs     string    `json:"docs"`
	Findings []Finding `json:"findings"`
}

// Run runs the checks one after the other, those too that it comes to after ctx has
// ended: they may share what an earlier one has seen.
func Run(ctx context.Context, list []Check) []Result {
	results := make([]Result, 0, len(list))
	for _, c := range list {
		r := Result{Code: c.Code, About: c.About, Findings: c.Run(ctx), Docs: c.Code.Docs()}
		if len(r.Findings) == 0 {
			r.Findings = []Finding{{Level: Unknown, Text: "nothing was looked at", Remedy: "report this: it is a mistake of the program's"}}
		}
		results = append(results, r)
	}
	return results
}

// Withhold gives the same checks for where what they need is missing: each has one
// finding, Unknown, with the text and the remedy.
func Withhold(list []Check, text, remedy string) []Check {
	withheld := make([]Check, len(list))
	for i, c := range list {
		c.Run = func(context.Context) []Finding { return []Finding{{Level: Unknown, Text: text, Remedy: remedy}} }
		withheld[i] = c
	}
	return withheld
}

// Level is the worst of the findings.
func (r Result) Level() Level { return Worst([]Result{r}) }

// Count is how many findings have a level.
func Count(results []Result, level Level) int {
	n := 0
	for _, r := range results {
		for _, f := range r.Findings {
			if f.Level == level {
				n++
			}
		}
	}
	return n
}

// Late tells whether there was no time left to look at something.
func Late(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool {
		return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Late })
	})
}

// Worst is the worst level there is; OK where there are no findings.
func Worst(results []Result) Level {
	for i := len(levels) - 1; i > 0; i-- {
		if Count(results, levels[i]) > 0 {
			return levels[i]
		}
	}
	return OK
}
