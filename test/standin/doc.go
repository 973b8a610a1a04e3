// Package standin plays the parts of Alibaba Cloud that tests and benchmarks
// can't reach: the VPC's DNS with PrivateZone's records, and registry
// instances behind one custom domain. All of them are real servers on real
// sockets; where they listen is the caller's choice.
package standin
