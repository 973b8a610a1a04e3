// Package clusterdns leads pods to the resolver: it edits what cluster DNS is
// configured by, CoreDNS's [ConfigMap], or the [CustomDNSConfig] of a CoreDNS that
// ACK manages, and takes back what it has written. [FindNodeLocal] tells what stands in front.
package clusterdns
