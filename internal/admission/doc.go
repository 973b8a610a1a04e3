// Package admission answers the API server's AdmissionReviews of pods.
//
// It is never in the way: whatever goes wrong here, the pod is admitted as it
// was written, a warning says so where one can be sent, and a metric counts it.
// Only a body without a readable uid gets an HTTP error, because nothing could
// be answered to it.
//
// The patch replaces exactly the image fields, on the object as the API server
// sent it: fields that this program's types don't know are never touched.
package admission
