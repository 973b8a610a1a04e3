// Package uninstall does what Helm can't when the product is uninstalled.
//
// [Run] is the pre-delete hook: it refuses while a failover is active, waits until
// PrivateZone's record is what it was, marks the switch, takes the stanza out of CoreDNS's configuration, and waits until the
// nodes have removed their blocks. [Cleanup] is the post-delete hook: it deletes
// what the programs have made, and [CleanupPullSecrets], another one, what they have
// made in other namespaces. What is not there is in order for all, so that
// each can be run again.
//
// docs/uninstall.md has the rights that they need, to the verb.
package uninstall
