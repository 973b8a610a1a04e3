// Package healthreport is the format of what a prober tells of the instances' health:
// the labels and annotations of the Lease that it writes under its pod's name, and
// that the controller reads.
//
// [Report.Annotations] renders, [Parse] reads. Readers ignore what they don't know, so
// that an older one reads the report of a newer prober. A report has no addresses: they
// differ by node and moment.
//
// The golden file is testdata/health/lease.json.
package healthreport
