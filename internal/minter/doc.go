// Package minter keeps pull secrets with temporary tokens of ACR in the namespaces
// that the configuration lists under pullSecrets.mint: one for each instance of
// each shared endpoint.
//
// A token is replaced at half of its life, so that an outage of the cloud's API
// finds one that lives for half an hour or so; during the outage the old one stays
// where it is, whatever its age. Nothing of a token is logged or counted.
package minter
