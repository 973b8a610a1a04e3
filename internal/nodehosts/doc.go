// Package nodehosts keeps the marked block in a node's hosts file: the lines
// between "# BEGIN registry-failover" and "# END registry-failover".
//
// The container runtime reads that file before it asks any DNS server, so the
// block is what moves a node's pulls, and it goes on doing so when everything
// else of this product is dead. Every other line belongs to somebody else.
//
// [Render] is the pure core: content in, content out. [File.Apply] replaces the
// file with one rename, so that a reader sees the old content or the new. The
// two files exchange their places, so that what somebody else wrote up to that
// moment is found and kept; of two writes within it, the later.
// [Applied] and [Foreign] read what the file says, for reports and checks.
//
// The golden files are testdata/hosts/before, after and removed.
package nodehosts
