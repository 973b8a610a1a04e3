package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/distribution/reference"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// width is how wide a line should be at most, in characters.
const width = 100

func writeText(w io.Writer, entries []entry) error {
	if len(entries) > 0 && entries[0].place != nil {
		writePlaces(w, entries)
		return nil
	}
	return writeImages(w, entries)
}

// writeImages writes a table, or two lines for each image where that is too wide.
func writeImages(w io.Writer, entries []entry) error {
	left, right := 0, 0
	for _, e := range entries {
		left = max(left, utf8.RuneCountInString(visible(e.Image)))
		right = max(right, utf8.RuneCountInString(e.outcome()))
	}
	if left+2+right > width {
		for _, e := range entries {
			fmt.Fprintf(w, "%s\n    %s\n", visible(e.Image), e.outcome())
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%s\n", visible(e.Image), e.outcome())
	}
	return table.Flush()
}

// writePlaces writes the images under a heading for each object.
func writePlaces(w io.Writer, entries []entry) {
	heading := ""
	for _, e := range entries {
		h := title(e.File) + ": " + visible(e.Object)
		if h != heading {
			if heading != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, h)
			heading = h
		}
		fmt.Fprintf(w, "  %s\n", escape(e.Field))
		row := fmt.Sprintf("    %s  %s", visible(e.Image), e.outcome())
		if utf8.RuneCountInString(row) > width {
			row = fmt.Sprintf("    %s\n    %s", visible(e.Image), e.outcome())
		}
		fmt.Fprintln(w, row)
	}
}

// outcome says what became of the image.
func (e entry) outcome() string {
	if e.Changed {
		return "→ " + visible(e.Rewritten)
	}
	text := "unchanged: " + podimages.Sentence(e.Reason)
	if e.Reason == rewrite.InvalidReference {
		text += parserWords(e.Image)
	}
	return text
}

// parserWords is what the parser has to say about an invalid reference beyond that.
func parserWords(image string) string {
	_, err := reference.ParseNormalizedNamed(image)
	if err == nil {
		return ""
	}
	words := strings.Replace(err.Error(), " ("+image+")", "", 1) // it stands beside it already
	words = strings.TrimPrefix(strings.TrimPrefix(words, "invalid reference format"), ": ")
	if words == "" {
		return ""
	}
	return " (" + escape(words) + ")"
}
