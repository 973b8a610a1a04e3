// Package secretsapi plays an API server of Secrets and ConfigMaps in memory, for
// tests of what watches and writes them: lists in pages, watches that begin at a
// version, metadata alone where that is asked for, selectors by field and label,
// preconditions, and owner references whose owner's end a test tells.
//
// It is reached through an http.RoundTripper without a socket, so that
// testing/synctest can wait for it.
package secretsapi
