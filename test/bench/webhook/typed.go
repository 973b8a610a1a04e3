package main

import (
	"context"
	"encoding/json"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// typed is the same rewrite as most webhooks do it: controller-runtime decodes
// the whole pod, and makes the patch of the difference.
type typed struct{ rewriter *rewrite.Rewriter }

func typedHandler(r *rewrite.Rewriter) http.Handler {
	return admission.WithDefaulter[*corev1.Pod](clientgoscheme.Scheme, typed{r})
}

func (d typed) Default(_ context.Context, pod *corev1.Pod) error {
	originals := map[string]string{}
	replace := func(field string, image *string) {
		if result := d.rewriter.Rewrite(*image); result.Changed() {
			originals[field] = *image
			*image = result.Image
		}
	}
	for i := range pod.Spec.InitContainers {
		replace("spec.initContainers["+pod.Spec.InitContainers[i].Name+"].image", &pod.Spec.InitContainers[i].Image)
	}
	for i := range pod.Spec.Containers {
		replace("spec.containers["+pod.Spec.Containers[i].Name+"].image", &pod.Spec.Containers[i].Image)
	}
	for i := range pod.Spec.Volumes {
		if volume := pod.Spec.Volumes[i].Image; volume != nil {
			replace("spec.volumes["+pod.Spec.Volumes[i].Name+"].image.reference", &volume.Reference)
		}
	}
	if len(originals) == 0 {
		return nil
	}
	text, err := json.Marshal(originals)
	if err != nil {
		return err
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations["registry-failover.io/original-images"] = string(text)
	return nil
}
