package checks

import (
	"fmt"
	"io"
	"slices"
)

// marks stand before a finding. Unknown is no verdict, and none of the three.
var marks = map[Level]string{OK: "√", Warning: "‼", Failed: "×", Unknown: "?"}

// WriteText writes the results for people: each check with its findings, and the
// remedy below those that need one. What several in a row have found alike, such as
// that there are no credentials, stands once below them. The texts are written as they are.
func WriteText(w io.Writer, results []Result) {
	for i, r := range results {
		fmt.Fprintf(w, "%s  %s\n", r.Code, r.About)
		if i+1 < len(results) && slices.Equal(r.Findings, results[i+1].Findings) {
			continue
		}
		for _, f := range r.Findings {
			subject := f.Subject
			switch {
			case subject == "":
				subject = f.Endpoint
			case f.Endpoint != "":
				subject = f.Endpoint + " " + subject
			}
			if subject != "" {
				subject += ": "
			}
			fmt.Fprintf(w, "  %s %s%s\n", marks[f.Level], subject, f.Text)
			if f.Remedy != "" {
				fmt.Fprintf(w, "      → %s\n", f.Remedy)
			}
		}
	}
}
