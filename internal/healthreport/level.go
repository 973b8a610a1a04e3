package healthreport

import "slices"

// A Level is how well an instance does over one network.
type Level string

// The levels that a prober reports.
const (
	// Healthy answers as itself, in time, and whatever a pull needs beside it does.
	Healthy Level = "healthy"
	// Slow answers, or would, but later than a pull can be made to wait.
	Slow Level = "slow"
	// Failing can be connected to, and no pull would succeed.
	Failing Level = "failing"
	// WrongIdentity answers as another instance than the configuration has there.
	WrongIdentity Level = "wrong-identity"
	// Unreachable can't be looked up or connected to.
	Unreachable Level = "unreachable"
	// Unknown has not been probed often enough, or can't be.
	Unknown Level = "unknown"
)

// Levels are all of them.
func Levels() []Level {
	return []Level{Healthy, Slow, Failing, WrongIdentity, Unreachable, Unknown}
}

// Bad says that pulls from there fail or take too long.
func (l Level) Bad() bool {
	return slices.Contains([]Level{Slow, Failing, WrongIdentity, Unreachable}, l)
}
