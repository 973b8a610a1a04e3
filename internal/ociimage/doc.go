// Package ociimage makes container images of static programs: one layer with
// one file, from scratch, without a container engine.
//
// The same bytes in give the same digest out, whatever the file's path, mode,
// owner and time, and whatever the machine. Only the compressor of another Go
// version may give other layers.
//
// The formats are those of the OCI image specification 1.1: image manifest,
// image index, image layout. An archive is a tar of an image layout.
package ociimage
