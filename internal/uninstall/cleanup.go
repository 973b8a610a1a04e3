package uninstall

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/readiness"
)

// electionName is the Lease by which the controller's replicas elect their leader.
const electionName = "registry-failover-controller"

// certificateNames are the Secrets of the webhook's certificate: the controller's,
// and what cert-manager made for the chart, which it doesn't delete.
var certificateNames = []string{"registry-failover-webhook-certificate", "registry-failover-webhook-tls", "registry-failover-webhook-ca"}

// patience is how long pods are waited for, and then how long a deletion that is
// refused is tried again: a ValidatingAdmissionPolicy that was deleted stays in
// force for some seconds.
const patience = time.Minute

// writers are the pods that may write what is deleted here.
const writers = nodereport.PartOf + "=registry-failover," + nodereport.Component + " in (controller,prober,resolver)"

// Cleanup deletes what the programs have made, once none of them runs that could
// make it again. It uses Client, Namespace and Out. An error has one line for
// each object that couldn't be deleted.
func Cleanup(ctx context.Context, o Options) error {
	if left := o.awaitEnd(ctx); left != "" {
		o.say("After %v %s. What they write again goes with `kubectl -n %s delete leases --selector %s`.", patience, left, o.Namespace, nodereport.Selector)
	}
	err := untilNil(ctx, func() error { return o.deleteAll(ctx) })
	if err != nil {
		return err
	}
	o.say("Deleted are the switch, state, status, the index of pull secrets, the Leases of nodes and probers, the controller's Lease and the webhook's certificate.")
	return nil
}

// awaitEnd waits until none of our pods runs, and says what is in the way of
// that when the time is over.
func (o Options) awaitEnd(ctx context.Context) (left string) {
	err := untilNil(ctx, func() error {
		pods, err := o.Client.CoreV1().Pods(o.Namespace).List(ctx, metav1.ListOptions{LabelSelector: writers})
		if err != nil {
			return fmt.Errorf("the pods of controller, probers and resolvers can't be listed: %w", err)
		}
		var names []string
		for i := range pods.Items {
			if runs(&pods.Items[i]) {
				names = append(names, pods.Items[i].Name)
			}
		}
		if len(names) > 0 {
			return fmt.Errorf("pods %s are still there", few(names))
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return ""
}

// runs says whether the pod may still write. Those of Jobs are hooks: this one,
// for example.
func runs(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return !ended && (owner == nil || owner.Kind != "Job")
}

// deleteAll tries every object, whatever becomes of the others.
func (o Options) deleteAll(ctx context.Context) error {
	var failures []error
	note := func(kind, which string, err error) {
		if err != nil && !apierrors.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("%w: run `kubectl -n %s delete %s %s`", err, o.Namespace, kind, which))
		}
	}
	for _, name := range []string{inputs.SwitchName, inputs.StateName, inputs.StatusName, inputs.AutomaticName, readiness.ImagesName, readiness.DrillsName, pullsecrets.IndexName} {
		note("configmap", name, o.Client.CoreV1().ConfigMaps(o.Namespace).Delete(ctx, name, metav1.DeleteOptions{}))
	}
	for _, name := range certificateNames {
		note("secret", name, o.Client.CoreV1().Secrets(o.Namespace).Delete(ctx, name, metav1.DeleteOptions{}))
	}
	leases := o.Client.CoordinationV1().Leases(o.Namespace)
	note("lease", electionName, leases.Delete(ctx, electionName, metav1.DeleteOptions{}))
	for _, selector := range []string{nodereport.Selector, healthreport.Selector} {
		note("lease", "--selector "+selector,
			leases.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: selector}))
	}
	return errors.Join(failures...)
}

// untilNil tries until there is no error, or the time is over, and returns the last.
func untilNil(ctx context.Context, try func() error) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return err
		case <-tick.C:
		}
	}
}
