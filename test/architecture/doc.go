// Package architecture holds the rules of the repository that no compiler
// checks: which package may import which, that every package says what it is
// for, that files stay small and that metrics carry the product's name. Each
// rule prints its reason when it is broken.
package architecture
