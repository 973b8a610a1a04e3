// Package nodereport is the format of what a node reports: the labels and
// annotations of the Lease that the resolver writes under its node's name, and
// that the controller, the plugin and the uninstall hook read.
//
// [Report.Annotations] renders, [Parse] reads. Readers ignore what they don't
// know, so that an older one reads the report of a newer resolver. A report has
// no addresses: they differ by node and moment.
//
// The golden file is testdata/lease/node-a.json.
package nodereport
