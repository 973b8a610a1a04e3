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
	// UninstallMark holds while no failover is active: one that was left by an
	// uninstallation that never ended must not stand in the way of the next failover.
	UninstallMark = "true"
	// UninstallForce holds in any case.
	UninstallForce = "force"
)

// Uninstalling says whether a switch with these annotations and values tells
// the nodes to remove their blocks, and the controller to create nothing.
func Uninstalling(annotations, values map[string]string) bool {
	switch annotations[UninstallAnnotation] {
	case UninstallForce:
		return true
	case UninstallMark:
		return len(FailedOver(values)) == 0
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
