// Package alibaba reads what Alibaba Cloud knows about the shared endpoint: the
// PrivateZone zones of its name with their records, and the network endpoints
// of the ACR instances behind it. It is the only importer of
// alibaba-cloud-sdk-go, and shows types of its own. Where it is told to, it makes
// one [Change] of a record.
//
// A [Client] gives a complete answer or an error, never a part of one: whoever
// gets an error keeps what it has. An [Error] tells by its [Kind] what went
// wrong. No error, log line or metric of this package carries a secret, a token
// or the id of a request.
//
// A [Keeper] holds the session that calls are signed with, and renews it long
// before it ends. Sessions come from a [Fetcher]: [OIDC] (RRSA), [Metadata]
// (the RAM role of the ECS instance) or [Files] (a mounted Secret).
package alibaba
