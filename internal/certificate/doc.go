// Package certificate issues the webhook's certificate and tells the API server
// whom to trust.
//
// Secret data in, Secret data out: [Renew] is a function of what stands in the
// Secret, the names and the time. [Issuer] writes the Secret and puts the CA's
// certificate into the MutatingWebhookConfiguration.
//
// open-policy-agent/cert-controller does the same and doesn't fit: see
// docs/decisions/0005-an-own-issuer.md.
package certificate
