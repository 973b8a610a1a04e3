// Package manifest finds the pods and pod templates in Kubernetes manifests.
//
// It needs no list of kinds: any mapping with a spec whose containers is a list
// of mappings is a pod or a pod template, whatever holds it. So workloads of
// any sort are found, also custom resources and objects within objects, while
// text (a ConfigMap's data, an annotation) and the schema of a CustomResource-
// Definition, where containers is a mapping, are passed by. Pods that an
// operator puts together from fields of its own can't be seen.
package manifest
