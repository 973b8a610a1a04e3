// Package pullsecrets checks whether the pods that pull from a shared endpoint, or
// would once they are rewritten, have a credential for every instance of it, as
// internal/pullsecrets judges their Secrets, and on request whether the instances
// take them.
//
// It reads with the caller's own rights and never writes. Pods are listed in pages
// and each Secret is read once; nothing of a Secret's content is told.
package pullsecrets
