// Package cloud looks, over the cloud's API, at what the manual procedure sets up:
// custom domains, editions, synchronization rules, ways to the instances,
// PrivateZone's zones and the rights to read all that.
//
// [Read] asks; what follows from the answers is said by pure functions of a
// [World], one for each check.
package cloud
