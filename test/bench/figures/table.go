// Package figures holds what the benchmarks print: one table, with each figure beside its reference.
package figures

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// A Row is a line of the table. What doesn't apply is empty.
type Row struct {
	What      string
	Figure    string // the median where there are several runs
	Worst     string
	Reference string // what the figure is compared with
	Ratio     string // figure to reference
}

// Table is what a benchmark prints.
type Table []Row

// Print writes the table with a heading.
func (t Table) Print(w io.Writer) error {
	columns := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	lines := append(Table{{"measured", "median", "worst", "reference", "ratio"}}, t...)
	for _, r := range lines {
		if _, err := fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", r.What,
			cmp.Or(r.Figure, "-"), cmp.Or(r.Worst, "-"), cmp.Or(r.Reference, "-"), cmp.Or(r.Ratio, "-")); err != nil {
			return err
		}
	}
	return columns.Flush()
}

// Median returns the middle value, the lower one of two.
func Median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// Mebibytes writes a size.
func Mebibytes(bytes int64) string {
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// Milliseconds writes a time.
func Milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// Ratio writes the ratio of a figure to its reference.
func Ratio(figure, reference float64) string {
	return fmt.Sprintf("%.3f", figure/reference)
}

// Compare makes a row of the medians of a figure and of its reference, measured by turns.
func Compare(what, format string, figure, reference []float64, of string) Row {
	own, other := Median(figure), Median(reference)
	return Row{
		What: what, Figure: fmt.Sprintf(format, own), Reference: fmt.Sprintf(format, other) + " " + of, Ratio: Ratio(own, other),
	}
}
