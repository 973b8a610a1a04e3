// Package inputs delivers what an answer is computed from: the switch and the
// state, as text by endpoint name, from the API server ([Kube]) or from a
// directory ([Dir]).
//
// It knows nothing of the grammar of what it delivers. That a value is missing
// or unreadable is told in [Object.Problem]; to go on with the last good one is
// the reader's part.
//
// A resolver runs on every node, so this package is weighed by its memory: of
// client-go it links the REST client, kubeconfig loading and the Reflector, but
// with a ConfigMap of its own instead of k8s.io/api/core/v1, which alone would
// add 3 MB to the program, and neither the clientset nor controller-runtime.
package inputs
