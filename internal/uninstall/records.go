package uninstall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/writeback"
)

// awaitRecords waits until no record in PrivateZone carries this cluster's mark, by
// what the controller tells in the status: nobody else restores it. Where the switch
// says force, it lists what is to be restored by hand.
func (o Options) awaitRecords(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for told := false; ; told = true {
		found, there, err := o.read(ctx, inputs.SwitchName)
		if err != nil {
			return err
		}
		forced := found.Annotations[inputs.UninstallAnnotation] == inputs.UninstallForce
		if !forced {
			if err := o.refuse(ctx, found, there); err != nil {
				return err
			}
		}
		marked, err := o.marked(ctx)
		switch {
		case err != nil:
			return err
		case len(marked) == 0:
			return nil
		case forced:
			o.say("PrivateZone's records that a failover has written stay as they are. Restore them by hand, and clear their Remarks:")
			for _, m := range marked {
				o.say("  %s", m)
			}
			return nil
		case !told:
			o.say("The controller restores PrivateZone's record: %s.", strings.Join(marked, "; "))
		}
		select {
		case <-tick.C:
			continue
		case <-limited.Done():
		}
		if ctx.Err() != nil {
			return errors.New("it was ended before PrivateZone's record was restored: run it again")
		}
		return fmt.Errorf("the controller hasn't restored PrivateZone's record: %s: uninstall again when it has, "+
			"or, to restore it by hand, after `kubectl -n %s annotate --overwrite configmap %s %s=%s`",
			strings.Join(marked, "; "), o.Namespace, inputs.SwitchName, inputs.UninstallAnnotation, inputs.UninstallForce)
	}
}

// marked says of each record with this cluster's mark where it led before.
func (o Options) marked(ctx context.Context) ([]string, error) {
	status, _, err := o.read(ctx, inputs.StatusName)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, endpoint := range slices.Sorted(maps.Keys(status.Data)) {
		var parts struct{ WriteBack writeback.Status }
		if err := json.Unmarshal([]byte(status.Data[endpoint]), &parts); err != nil || parts.WriteBack.Owner == "" {
			continue // what can't be read tells of no mark
		}
		text := fmt.Sprintf("%s led to %s", endpoint, parts.WriteBack.Original)
		if parts.WriteBack.Error != "" {
			text += fmt.Sprintf(" (%s)", parts.WriteBack.Error)
		}
		all = append(all, text)
	}
	return all, nil
}
