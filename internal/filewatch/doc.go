// Package filewatch tells when something in a directory has changed.
//
// Files that Kubernetes mounts, and files that are replaced by rename, change
// their inode with every update, so that a watch on a file loses it: only
// directories are watched here. Of a mounted ConfigMap or Secret the directory
// sees the rename of its ..data symlink, which switches all keys at once.
//
// A directory may be missing at first, and may be removed and made again: its
// parent is watched with it, and when that is missing too, the nearest ancestor
// that exists. Each event moves the watches to what exists then. A change
// further up (an ancestor renamed, a symlink in the middle of the path pointed
// elsewhere) is found by the resync, as is everything on a file system that
// sends no events, or on a node that has no inotify instance or watch left.
package filewatch
