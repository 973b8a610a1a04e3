// Package nodelease writes a node's report to the API server: the Lease that
// carries the node's name, in the form of internal/nodereport.
//
// It writes by server-side apply: one request creates or changes the Lease
// without reading it first, needs the verbs create and patch and no other, and
// takes away what an older version of the program wrote and this one doesn't.
package nodelease
