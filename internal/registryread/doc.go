// Package registryread asks one instance of a shared endpoint for images as a container
// runtime does: by the instance's own address, under the name of the shared endpoint, with
// a credential or without one. [Open] finds the instance and sees that it is the one that
// is meant, [Reader.Head] asks for the digest of a manifest, [Reader.Read] reads an image's
// manifest and first layer, and tells how long each step takes.
//
// Credentials go where internal/registrylogin lets them go, and no error has anything of
// one in it.
package registryread
