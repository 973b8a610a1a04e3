// Package health asks one instance over one network whether it could serve the
// shared endpoint: a [Prober] connects by address, looks at the certificate for the
// shared endpoint's name, and asks GET /v2/ who answers. Further questions are whether
// the token service that the answer names works, and whether a manifest can be read. It
// asks only what a pull asks, sends no credentials, follows no redirect, and judges
// nothing: what a [Result] means is its reader's. Who has something secret to send takes
// [Prober.Transport].
package health
