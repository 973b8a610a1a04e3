// Package watches gives a controller the watches that its Role allows, and no others:
// objects of one kind, in one namespace, by name or by label.
//
// Caches of the manager itself hold one selection for each kind; two ConfigMaps
// by name are two. So each watch has a cache of its own here. Readers ask the
// API server instead of a cache: what is decided is rare, and must be decided of
// what stands now. A watch only says that it is time to.
package watches
