// Package proberscale gives the Deployment of the probers as many replicas as
// there are nodes for them, up to [Most]. Chart values can't know how many nodes a
// cluster has.
package proberscale
