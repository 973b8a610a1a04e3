// Package ownedsecrets writes the product's own pull secrets, and never anybody
// else's: companions of existing Secrets, and Secrets with minted tokens.
//
// A Secret is the product's own by its label, and by its owner where it has one. A
// [Writer] writes only what differs, at a limited rate, and nothing over a Secret
// whose name was taken before.
package ownedsecrets
