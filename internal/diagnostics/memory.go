package diagnostics

import (
	"os"
	"runtime/debug"
)

// CollectSooner lets the heap grow by so many percent before it is collected, unless
// GOGC says otherwise. Go's own 100 costs twice the memory of what is in use.
func CollectSooner(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
