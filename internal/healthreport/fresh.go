package healthreport

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// Renewed is when a prober has renewed its Lease last, by its own clock; the zero time where
// it never has.
func Renewed(l coordinationv1.Lease) time.Time {
	if l.Spec.RenewTime == nil {
		return time.Time{}
	}
	return l.Spec.RenewTime.Time
}

// Old tells which of the probers' Leases are of probers that are no more: those older than
// [Fresh] both by the newest of all and by now. So a clock that is wrong makes no
// other prober's report old.
func Old(all []coordinationv1.Lease, now time.Time) func(coordinationv1.Lease) bool {
	var newest time.Time
	for _, l := range all {
		if at := Renewed(l); at.After(newest) {
			newest = at
		}
	}
	return func(l coordinationv1.Lease) bool {
		at := Renewed(l)
		return newest.Sub(at) > Fresh && now.Sub(at) > Fresh
	}
}
