// Package registrylogin tries a credential at one instance, as a container runtime
// does at a pull, and fetches nothing: [Open] finds the instance and what it asks its
// clients for, [Registry.Try] asks for the head of a manifest.
//
// A credential is sent over TLS only, to an instance with a certificate for the shared
// endpoint, or to the token service that such an instance names; no redirect is
// followed, and no error has anything of a credential or token in it.
package registrylogin
