// Package companions has companions stand beside pull secrets, and publishes the
// index of what there is. internal/pullsecrets has the rules; this package watches,
// decides what is to be done, and does it through internal/ownedsecrets.
//
// A [Keeper] watches the metadata of Secrets of the two types that hold pull
// credentials, and of those keeps names, versions and what a companion says of
// itself. It reads an original with its content when that may have changed since it
// was read last; a companion tells the original's version that it was made of, so
// that a replica that begins to lead reads only what has changed. [decide] is a pure
// function of what is there.
//
// No companion is deleted because something couldn't be read, or wasn't listed:
// the API server must say that its original is gone, or what it holds now.
package companions
