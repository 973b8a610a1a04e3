package clusterdns

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/util/retry"

	"github.com/registry-failover/registry-failover/internal/corefile"
)

// Key is where a ConfigMap has its Corefile.
const Key = "Corefile"

// Backup is the annotation with the Corefile as [ConfigMap.Apply] found it, but
// without our stanza. It is there as long as the stanza is.
const Backup = "registry-failover.io/corefile"

// A ConfigMap is what CoreDNS reads its Corefile from. CoreDNS notices a change
// itself, with its plugin reload.
type ConfigMap struct {
	Client          corev1client.ConfigMapsGetter
	Namespace, Name string
}

func (m ConfigMap) String() string { return fmt.Sprintf("ConfigMap %s/%s", m.Namespace, m.Name) }

// Apply puts in the stanza that leads the zones to a resolver at the address. It
// writes nothing when the stanza is there, and returns the Corefile that is there
// then. An error of the Corefile itself says so, and nothing is written.
func (m ConfigMap) Apply(ctx context.Context, zones []string, address string) (text string, changed bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := m.Client.ConfigMaps(m.Namespace).Get(ctx, m.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		before, there := found.Data[Key]
		if !there {
			return fmt.Errorf("it has no key %s", Key)
		}
		if text, err = corefile.Insert(before, zones, address); err != nil {
			return fmt.Errorf("key %s: %w", Key, err)
		}
		if changed = text != before; !changed {
			return nil
		}
		rest, err := corefile.Remove(before)
		if err != nil {
			return err
		}
		return m.patch(ctx, found, map[string]string{Key: text}, &rest)
	})
	return text, changed, err
}

// Remove takes the stanza out of every key, and the backup with it. Keys whose
// markers don't pair are left as they are, each with the reason. A ConfigMap that
// isn't there is in order.
func (m ConfigMap) Remove(ctx context.Context) (changed bool, left map[string]error, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		changed, left = false, map[string]error{}
		found, err := m.Client.ConfigMaps(m.Namespace).Get(ctx, m.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		data := map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(found.Data)) {
			rest, err := corefile.Remove(found.Data[key])
			switch {
			case err != nil:
				left[key] = err
			case rest != found.Data[key]:
				data[key] = rest
			}
		}
		before, there := found.Annotations[Backup]
		var backup *string
		if there && left[Key] != nil {
			backup = &before
		}
		if len(data) == 0 && (!there || backup != nil) {
			return nil
		}
		changed = len(data) > 0
		return m.patch(ctx, found, data, backup)
	})
	return changed, left, err
}

// patch writes the data and the backup, which goes with nil. The version makes it
// a conflict when somebody else edits the ConfigMap just now.
func (m ConfigMap) patch(ctx context.Context, found *corev1.ConfigMap, data map[string]string, backup *string) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "annotations": map[string]*string{Backup: backup}},
		"data":     data,
	})
	if err != nil {
		return err
	}
	_, err = m.Client.ConfigMaps(m.Namespace).Patch(ctx, m.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
