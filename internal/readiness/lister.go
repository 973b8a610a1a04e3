package readiness

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// A Cluster is what is listed of the API server. Its client limits its own rate.
type Cluster struct {
	Core  corev1client.CoreV1Interface
	Apps  appsv1client.AppsV1Interface
	Batch batchv1client.BatchV1Interface
}

// survey lists namespaces, pods and workloads, one page after the other.
func (c Cluster) survey(ctx context.Context, r *rewrite.Rewriter, product string, enforcement config.Enforcement) (*Survey, error) {
	namespaces, err := stragglers.ReadNamespaces(ctx, c.Core, "", product, enforcement)
	if err != nil {
		return nil, err
	}
	s := NewSurvey(r, namespaces)
	if err := stragglers.EachPod(ctx, c.Core, "", s.AddPod); err != nil {
		return nil, err
	}
	return s, c.templates(ctx, s.AddTemplate)
}

// A visit takes the template of the pods of a workload, Kind/name.
type visit func(namespace, owner string, template *corev1.PodTemplateSpec)

// templates visits those of all workloads that have pods made. ReplicaSets aren't among
// them: a Deployment's are its own affair, and others show by their pods.
func (c Cluster) templates(ctx context.Context, visit visit) error {
	for _, kind := range []struct {
		plural string
		page   func(context.Context, metav1.ListOptions) (string, error)
	}{
		{"deployments", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.Apps.Deployments("").List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				visit(page.Items[i].Namespace, "Deployment/"+page.Items[i].Name, &page.Items[i].Spec.Template)
			}
			return page.Continue, nil
		}},
		{"statefulsets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.Apps.StatefulSets("").List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				visit(page.Items[i].Namespace, "StatefulSet/"+page.Items[i].Name, &page.Items[i].Spec.Template)
			}
			return page.Continue, nil
		}},
		{"daemonsets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.Apps.DaemonSets("").List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				visit(page.Items[i].Namespace, "DaemonSet/"+page.Items[i].Name, &page.Items[i].Spec.Template)
			}
			return page.Continue, nil
		}},
		{"jobs", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.Batch.Jobs("").List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				if job := &page.Items[i]; !isOver(job) {
					visit(job.Namespace, "Job/"+job.Name, &job.Spec.Template)
				}
			}
			return page.Continue, nil
		}},
		{"cronjobs", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.Batch.CronJobs("").List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				visit(page.Items[i].Namespace, "CronJob/"+page.Items[i].Name, &page.Items[i].Spec.JobTemplate.Spec.Template)
			}
			return page.Continue, nil
		}},
	} {
		if err := stragglers.EachPage(ctx, metav1.ListOptions{}, kind.page); err != nil {
			return fmt.Errorf("list %s: %w", kind.plural, err)
		}
	}
	return nil
}

// isOver tells whether a Job makes no pod any more, or is one of a CronJob, whose own
// template is visited.
func isOver(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	owner := metav1.GetControllerOf(job)
	return owner != nil && owner.Kind == "CronJob"
}
