// Package rewrite replaces the registry host of image references by a shared
// endpoint.
//
// It is a pure core: text in, text out. A [Rewriter] is made of [Rule]s, one
// for each shared endpoint, and [Rewriter.Rewrite] tells for one reference what
// it becomes and why. Everything after the host stays as it was written, byte
// for byte: nothing is normalised, completed or dropped.
package rewrite
