// Package raw reaches what SQLite, translated from C, has at addresses of its own.
package raw

import "unsafe"

// At is what SQLite has at an address.
func At[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// Pointer is a Go function as SQLite calls it. SQLite holds it by its address alone: the variable that f points to must
// outlive all calls.
func Pointer[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// Function is a function of SQLite as Go calls it.
func Function[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }
