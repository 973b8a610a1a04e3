// Package e2e plays the whole product on a real cluster (test/cluster): each
// test is one life of an installation, told from helm install to helm
// uninstall. It needs Linux and root.
package e2e
