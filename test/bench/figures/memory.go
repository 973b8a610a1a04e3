package figures

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Resident reads a field of /proc/PID/status, in bytes. See proc_pid_status(5).
func Resident(pid int, field string) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("could not read the memory of a program that should run: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kibibytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("could not read %s in %s: %w", field, path, err)
			}
			return kibibytes << 10, nil
		}
	}
	return 0, fmt.Errorf("no %s in %s", field, path)
}
