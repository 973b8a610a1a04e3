// Package setup works out which calls of ACR's API would make a failover
// possible that isn't yet, and carries them out: synchronization rules, the way
// to an instance through a VPC, public access and the addresses it lets in.
//
// [Plan] is pure: from the configuration and what was read it gives the calls
// that can be made, those that wait for something only a person knows, and what no
// call can do. [Apply] makes the calls. Everything adds or opens, and nothing that
// is there is changed: a plan that was carried out leaves nothing to do.
package setup
