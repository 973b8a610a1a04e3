// Package startuptaint takes a taint off new nodes once their hosts files hold
// what the switch demands, so that no pod that pulls from a shared endpoint is
// started before.
//
// The node pool puts the taint on: kubelet registers its node with it. Only the
// controller takes it off, and that is all it does to a Node.
package startuptaint
