// Package drill judges whether a failover would work, of what others have seen without
// moving production: what the probers report of an instance, what the controller has
// read there with the pods' credentials, and how far a switch of a few nodes got.
//
// Everything here is pure. A [Report] is one drill, made of [Part]s; a [Record] is what
// is kept of the last ones of each instance, in the ConfigMap [Name]. There, too, the
// plugin asks the controller, which has the credentials, in internal/readiness's words. The
// golden file of a record is testdata/drill/record.json.
package drill
