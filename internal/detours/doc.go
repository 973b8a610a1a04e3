// Package detours finds what in a node's /etc leads containerd's pulls of a
// shared endpoint past the node's hosts file: a hosts.toml that names other
// registries, and a proxy, which resolves the name itself.
//
// Nothing is changed. What lies outside of /etc, such as a unit file in /usr/lib,
// is not seen. [Find] is a function of a file system; [In] reads a real one.
package detours
