// Package corefile edits CoreDNS's configuration as text: it puts our stanza
// between two markers, and takes it out again, so that all other lines stay byte
// for byte. https://coredns.io/manual/configuration/ has the format.
package corefile
