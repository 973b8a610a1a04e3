package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// versions is what version prints as JSON.
type versions struct {
	Plugin string `json:"plugin"`
	// Workloads are the product's, by name; none where no cluster was asked.
	Workloads []workloadVersion `json:"workloads"`
	// Reports count the Leases of each component by the version that they tell.
	Reports []reportedVersion `json:"reports"`
	// Findings are sentences about versions that differ.
	Findings []string `json:"findings"`
}

type workloadVersion struct {
	// Workload is Kind/name.
	Workload string   `json:"workload"`
	Images   []string `json:"images"`
	// Version is the tag of the first image, "" where it has none.
	Version string `json:"version"`
	Pods    int32  `json:"pods"`
	Ready   int32  `json:"ready"`
}

type reportedVersion struct {
	Component string `json:"component"`
	Version   string `json:"version"`
	Reports   int    `json:"reports"`
}

// ofProduct selects the product's objects.
const ofProduct = nodereport.PartOf + "=registry-failover"

// read goes on where something can't be read, and returns all the errors.
func (v *versions) read(ctx context.Context, flags *genericclioptions.ConfigFlags) error {
	c, _, err := connect(flags)
	if err != nil {
		return err
	}
	apps, err := appsv1client.NewForConfig(c)
	if err != nil {
		return err
	}
	coordination, err := coordinationv1client.NewForConfig(c)
	if err != nil {
		return err
	}
	namespace, options := *flags.Namespace, metav1.ListOptions{LabelSelector: ofProduct}
	deployments := each(ctx, options, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.Deployments(namespace).List(ctx, o)
	}, func(d *appsv1.Deployment) {
		v.add("Deployment/"+d.Name, d.Spec.Template.Spec.Containers, d.Status.Replicas, d.Status.ReadyReplicas)
	})
	if deployments != nil && !apierrors.IsForbidden(deployments) {
		return fmt.Errorf("what runs in the cluster isn't known: %w", deployments)
	}
	daemonSets := each(ctx, options, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.DaemonSets(namespace).List(ctx, o)
	}, func(d *appsv1.DaemonSet) {
		v.add("DaemonSet/"+d.Name, d.Spec.Template.Spec.Containers, d.Status.DesiredNumberScheduled, d.Status.NumberReady)
	})
	now, counts := time.Now(), map[reportedVersion]int{}
	leases := each(ctx, options, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return coordination.Leases(namespace).List(ctx, o)
	}, func(l *coordinationv1.Lease) {
		if version, tells := l.Annotations[nodereport.VersionAnnotation]; tells && !overdue(l, now) {
			counts[reportedVersion{Component: l.Labels[nodereport.Component], Version: version}]++
		}
	})
	for r, n := range counts {
		r.Reports = n
		v.Reports = append(v.Reports, r)
	}
	slices.SortFunc(v.Reports, func(a, b reportedVersion) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Version, b.Version))
	})
	slices.SortFunc(v.Workloads, func(a, b workloadVersion) int { return cmp.Compare(a.Workload, b.Workload) })
	if err := errors.Join(deployments, daemonSets, leases); err != nil {
		return fmt.Errorf("what runs in the cluster isn't all known:\n%w", err)
	}
	if len(v.Workloads) == 0 {
		return fmt.Errorf("the namespace %s has nothing of the product: name its namespace with --namespace, or install it", visible(namespace))
	}
	return nil
}

// overdue is a Lease that nobody has renewed in time: what wrote it may be no more.
func overdue(l *coordinationv1.Lease, now time.Time) bool {
	return l.Spec.RenewTime != nil && l.Spec.LeaseDurationSeconds != nil &&
		now.Sub(l.Spec.RenewTime.Time) > time.Duration(*l.Spec.LeaseDurationSeconds)*time.Second
}

func (v *versions) add(workload string, containers []corev1.Container, pods, ready int32) {
	w := workloadVersion{Workload: workload, Images: []string{}, Pods: pods, Ready: ready}
	for _, c := range containers {
		w.Images = append(w.Images, c.Image)
	}
	if len(w.Images) > 0 {
		w.Version = tag(w.Images[0])
	}
	v.Workloads = append(v.Workloads, w)
}

// tag is what follows the last colon of an image's name, but neither a digest nor a port.
func tag(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		return name[colon+1:]
	}
	return ""
}

// judge compares what tells a version; a tag may have a v before it, or not.
func (v *versions) judge() {
	in := map[string]bool{}
	for _, w := range v.Workloads {
		in[w.Version] = true
	}
	for _, r := range v.Reports {
		in[r.Version] = true
	}
	cluster := map[string]bool{}
	for version := range in {
		if plain := strings.TrimPrefix(version, "v"); known(plain) {
			cluster[plain] = true
		}
	}
	all := strings.Join(slices.Sorted(maps.Keys(cluster)), ", ")
	plugin := strings.TrimPrefix(v.Plugin, "v")
	if len(cluster) > 1 {
		v.Findings = append(v.Findings, fmt.Sprintf("the cluster runs several versions, %s: an upgrade is under way, or has stopped", all))
	}
	if known(plugin) && len(cluster) > 0 && !cluster[plugin] {
		v.Findings = append(v.Findings, fmt.Sprintf("the plugin is of version %s, and the cluster runs %s: take the plugin of the same version", plugin, all))
	}
}

// known says whether a version names a release or an image.
func known(version string) bool { return version != "" && version != "(devel)" }

func writeVersions(w io.Writer, v versions) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "plugin\t%s\n", escape(v.Plugin))
	for _, workload := range v.Workloads {
		fmt.Fprintf(table, "%s\t%s\t%d of %s ready\t%s\n", visible(workload.Workload), escape(cmp.Or(workload.Version, "?")),
			workload.Ready, several(int(workload.Pods), "pod", "pods"), escape(strings.Join(workload.Images, " ")))
	}
	for _, r := range v.Reports {
		fmt.Fprintf(table, "%s reports\t%s\tby %s\n", escape(r.Component), escape(r.Version), several(r.Reports, "Lease", "Leases"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, finding := range v.Findings {
		fmt.Fprintf(w, "‼ %s\n", escape(finding))
	}
	return nil
}
