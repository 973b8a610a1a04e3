// Package cloudreader learns from the cloud's API where the zones of the shared
// endpoints lead, and publishes it for the resolvers: zones in the ConfigMap
// registry-failover-state.
//
// [Merge] is a pure function of what was read and what is published; [Reader]
// reads, merges and writes while the replica leads. Only a complete reading
// changes what is published, and nothing takes an address away: of a VPC whose
// zone is gone, empty or ambiguous, what was published stays, and a [Finding] says so.
// Only where no zone is there at all, what ACR has of an instance counts before that;
// in the cluster's own VPC it counts first, because a failover by hand edits that zone.
package cloudreader
