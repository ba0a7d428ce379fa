// Package hls holds the nouns of the program: what a delivery is, what becomes of it, and the errors that
// someone decides on. It is the ground floor: every room may import it and it imports none.
package hls
