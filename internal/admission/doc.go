// Package admission answers the API server's AdmissionReviews of pods.
//
// It is never in the way: whatever goes wrong here, the pod is admitted as it
// was written, a warning says so where one can be sent, and a metric counts it.
// Only a request whose uid isn't readable gets an HTTP error, because nothing
// could be answered to it: a broken body, or a large one that isn't read because
// too many are in work.
//
// The patch replaces exactly the image fields, on the object as the API server
// sent it: fields that this program's types don't know are never touched.
package admission
