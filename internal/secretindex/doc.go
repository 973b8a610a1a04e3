// Package secretindex reads the index of pull secrets (see internal/pullsecrets)
// where kubelet has mounted it: a directory with one file for each namespace.
//
// The webhook asks no API server. What it reads here may be a minute old, may be in
// part unreadable, and may be missing altogether: then less is known, which is never
// an error. A directory that isn't there is an index of nothing.
package secretindex
