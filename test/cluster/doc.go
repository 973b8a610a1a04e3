// Package cluster runs a real Kubernetes on this machine: API server, etcd,
// controller manager, scheduler, kube-proxy, and a node with kubelet,
// containerd and runc, CoreDNS as cluster DNS. Around it stands what a cluster
// on Alibaba Cloud has: two registry instances, VPC DNS with PrivateZone's
// records, and a node that is set up as ACK's are.
//
// It begins with one node, or as many as Options.Nodes says; AddNode and AddNodes start more.
//
// All of it lives in a sandbox (test/sandbox), so that several run side by
// side and nothing is left of one. Who uses it runs inside as well: the first
// node's files are /etc/hosts and /etc/resolv.conf, its network is 127.0.0.1's.
package cluster
