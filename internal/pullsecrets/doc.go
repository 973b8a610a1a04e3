// Package pullsecrets decides what becomes of pull credentials when images are
// rewritten to a shared endpoint. Everything in it is a function of values.
//
// Kubelet looks credentials up by an image's host: a Secret for an instance's own
// host isn't found for the shared endpoint. But kubelet tries all credentials that
// match, one after the other, until one works. So beside each Secret that has a
// credential for an instance's host stands a companion for each such instance,
// which has the same credential for the shared endpoint. One Secret for all
// instances would not do: it has one entry for each host.
//
//   - [Parse] reads a Secret as kubelet does.
//   - [Holdings] tells for which instances its credentials are, [Derive] what its companions hold.
//   - [CompanionName] names them, so that whoever knows the Secret's name knows theirs.
//   - [Index] is what the controller publishes for the webhook: names, never content.
//   - [Attacher] says which names to append to a pod's imagePullSecrets, [Lacks] what those
//     that are listed lack.
package pullsecrets
