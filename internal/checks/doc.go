// Package checks holds what can be looked at before a failover is needed, as
// data: a [Check] has a code, a few words and a function, and gives findings,
// each with the remedy. The plugin, the install hook and the controller run the same ones.
//
// The checks themselves stand in packages by what they look at: network asks the
// instances from where it runs, cloud asks ACR and PrivateZone over the cloud's API,
// cluster looks at the cluster's objects, and pullsecrets at the pods' pull
// credentials. docs/checks.md has a section for each code.
package checks
