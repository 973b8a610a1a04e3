package resolver

import "log/slog"

// alarm logs a problem when it comes or changes, and when it is gone. What
// stays as it is isn't repeated.
type alarm struct {
	log  *slog.Logger
	told string
}

// set takes how something went now: err is nil when it went well.
func (a *alarm) set(what string, err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	switch {
	case now == a.told:
	case err != nil:
		a.log.Error("something fails", "what", what, "error", err)
	default:
		a.log.Info("something works again", "what", what)
	}
	a.told = now
}
