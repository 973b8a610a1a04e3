package main

import "k8s.io/client-go/rest"

// inProtobuf is how clients of Kubernetes' own types reach the API server: both
// sides need less time and memory for it than for JSON.
func inProtobuf(cluster *rest.Config) *rest.Config {
	c := rest.CopyConfig(cluster)
	c.AcceptContentTypes, c.ContentType = "application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf"
	return c
}

// unlimited is for parts that keep a pace of their own, and for news that waits for nobody.
func unlimited(cluster *rest.Config) *rest.Config {
	c := inProtobuf(cluster)
	c.QPS = -1
	return c
}
