package stuckpods

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// pause is between two pods that are deleted. With longestBackOff a switch makes 150 pods
// anew at most: the standby that they come to may be cold.
const pause = 2 * time.Second

// recreate deletes the pod that has waited longest of those that are to be made anew, where
// the last one is long enough ago. It returns when to come again at the latest.
//
// It deletes and doesn't evict. For a Pending pod the API server's eviction asks no
// PodDisruptionBudget either, and a right to evict can't be held to pods that are Pending:
// an admission policy sees the pod with a deletion only.
func (w *Watcher) recreate(ctx context.Context) time.Duration {
	now := time.Now()
	if wait := w.deleted.Add(pause).Sub(now); wait > 0 {
		return wait
	}
	var all []Pod
	wait := rest
	for uid, p := range w.known.pods {
		switch verdict := Judge(p, w.thrown(p.Endpoint), w.reports, now); {
		case w.passed[uid]:
		case verdict == Recreate:
			all = append(all, p)
		case verdict == NotSettled:
			wait = time.Second
		}
	}
	if len(all) == 0 {
		return wait
	}
	w.delete(ctx, slices.MinFunc(all, byAge), now)
	w.deleted = now
	return pause
}

// byAge has those first that have waited longest.
func byAge(a, b Pod) int {
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// delete deletes the pod that was judged, and no other of its name and no later state of it.
func (w *Watcher) delete(ctx context.Context, p Pod, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := w.Pods.Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &p.UID, ResourceVersion: &p.Version},
	})
	switch {
	case apierrors.IsNotFound(err):
		delete(w.known.pods, p.UID)
		return
	case apierrors.IsConflict(err): // it isn't as it was: the next look judges it anew
		w.passed[p.UID] = true
		return
	case err != nil:
		w.passed[p.UID] = true
		w.warn(ctx, "delete a pod", err)
		return
	}
	delete(w.known.pods, p.UID)
	w.switches[p.Endpoint].recreated++
	w.metrics.recreated.WithLabelValues(p.Endpoint).Inc()
	w.Log.Info("deleted a pod that waits for an image since before the switch", "namespace", p.Namespace, "pod", p.Name,
		"owner", p.Owner, "node", p.Node, "image", p.Image, "waited", now.Sub(p.Since).Round(time.Second))
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: w.Namespace, Name: inputs.SwitchName, FieldPath: "data[" + p.Endpoint + "]",
	}
	pod := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID}
	w.Events.Eventf(about, pod, corev1.EventTypeNormal, "StuckPodRecreated", "DeletePod",
		"%s: deleted the pod %s/%s of %s on %s: it has waited for %s since %s, and kubelet's back-off would go on",
		p.Endpoint, p.Namespace, p.Name, p.Owner, p.Node, p.Image, p.Since.UTC().Format(time.RFC3339))
}
