// Package precheck decides whether an installation or an upgrade may go on, from
// checks that are made where images are pulled. It is what the chart runs before
// both: a shared endpoint that new pods can't pull from must not be written into them.
package precheck
