// Package published reads and writes what the controller publishes for others, a
// text for each object and endpoint: in the ConfigMaps of the release's
// namespace, or without an API server in the files of a directory that is laid
// out as mounted ConfigMaps are. Whoever has read a text writes it only if nobody
// has written it meanwhile.
package published

import "errors"

// ErrMeanwhile says that the text was written after it had been read.
var ErrMeanwhile = errors.New("somebody has written it meanwhile")

// A Value is what stands for an endpoint.
type Value struct {
	Text string
	// There is false where nothing stands.
	There bool
	// found and version are the ConfigMap's.
	found   bool
	version string
}

// Version changes whenever anybody writes the object that the text is in; it is empty
// where there is none, and in a directory.
func (v Value) Version() string { return v.version }
