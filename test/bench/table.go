package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// A row is a line of the table. What doesn't apply is empty.
type row struct {
	what      string
	figure    string // the median where there are several runs
	worst     string
	reference string // what the figure is compared with
	ratio     string // figure to reference
}

type table []row

func (t table) print(w io.Writer) error {
	columns := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	lines := append(table{{"measured", "median", "worst", "reference", "ratio"}}, t...)
	for _, r := range lines {
		if _, err := fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", r.what,
			cmp.Or(r.figure, "-"), cmp.Or(r.worst, "-"), cmp.Or(r.reference, "-"), cmp.Or(r.ratio, "-")); err != nil {
			return err
		}
	}
	return columns.Flush()
}

// median returns the middle value, the lower one of two.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func mebibytes(bytes int64) string {
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func ratio(figure, reference float64) string {
	return fmt.Sprintf("%.3f", figure/reference)
}
