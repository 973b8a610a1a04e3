package inputs

import (
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// UninstallAnnotation on the switch says that the product is being uninstalled:
// [Uninstalling]. The pre-delete hook sets it.
const UninstallAnnotation = "registry-failover.io/uninstall"

// The values of UninstallAnnotation.
const (
	// UninstallMark holds while the switch says for each endpoint that no failover is
	// active: one that was left by an uninstallation that never ended must not
	// stand in the way of the next failover.
	UninstallMark = "true"
	// UninstallForce holds in any case.
	UninstallForce = "force"
)

// Uninstalling says whether a switch with this value of UninstallAnnotation, and
// these values by endpoint name, tells the nodes to remove their blocks, and the
// controller to create nothing. Of an endpoint without a value it isn't known
// that no failover is active.
func Uninstalling(mark string, values map[string]string, endpoints []string) bool {
	switch mark {
	case UninstallForce:
		return true
	case UninstallMark:
		missing := slices.ContainsFunc(endpoints, func(endpoint string) bool {
			_, stands := values[endpoint]
			return !stands
		})
		return !missing && len(FailedOver(values)) == 0
	default:
		return false
	}
}

// FailedOver names the endpoints whose value leads anywhere but to PrivateZone,
// sorted. A value that isn't valid does so too: the one before it is in force,
// and which that is can't be known from the switch alone.
func FailedOver(values map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(endpoint string) bool {
		// An endpoint without instances knows no word but privatezone.
		_, err := zone.Endpoint{Name: endpoint}.ParseSwitch(values[endpoint])
		return err == nil
	})
}
