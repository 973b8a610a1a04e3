package figures

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ProcessorTime is how long a process has run on any processor, in its own code
// and in the system's for it. See proc_pid_stat(5).
func ProcessorTime(pid int) (time.Duration, error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100
	path := fmt.Sprintf("/proc/%d/stat", pid)
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("could not read the processor time of a program that should run: %w", err)
	}
	// The name is in brackets and may have spaces; state is the field behind it.
	_, rest, _ := strings.Cut(string(content), ") ")
	const user, system = 11, 12
	fields := strings.Fields(rest)
	if len(fields) <= system {
		return 0, fmt.Errorf("no processor time in %s", path)
	}
	var sum time.Duration
	for _, field := range []string{fields[user], fields[system]} {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("could not read the processor time in %s: %w", path, err)
		}
		sum += time.Duration(ticks) * tick
	}
	return sum, nil
}
