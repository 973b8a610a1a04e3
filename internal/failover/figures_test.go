package failover

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTheDocumentShowsTheTimeToSwitch(t *testing.T) {
	var b strings.Builder
	b.WriteString("| settings | best | median | worst of 200 |\n| --- | --- | --- | --- |\n")
	for n, with := range settings {
		times := timesToSwitch(t, n)
		fmt.Fprintf(&b, "| %s | %.1f s | %.1f s | %.1f s |\n", with.name, times[0].Seconds(), times[len(times)/2].Seconds(), times[len(times)-1].Seconds())
	}
	document(t, "time to switch", b.String())
}

func TestTheDocumentShowsTheFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString("| faults | for | default: moves, least time between two | fast |\n| --- | --- | --- | --- |\n")
	for f, fault := range faults {
		fmt.Fprintf(&b, "| %s | %s |", fault.name, span(fault.span))
		for n := range settings {
			s := play(t, f, n)
			fmt.Fprintf(&b, " %d", len(s.moves))
			if shortest, _ := s.shortest(); shortest > 0 {
				fmt.Fprintf(&b, ", %s", span(shortest.Round(time.Minute)))
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	document(t, "faults", b.String())
}

func span(d time.Duration) string {
	if d >= 2*time.Hour {
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}
