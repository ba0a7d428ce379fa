// Package faults holds tests alone: they run the real program with a real database between stand-ins for GitHub and
// Claude, crash it, kill it, pause it, take GitHub away, and judge by the history what was lost and what was done twice.
//
// Most of them take long and are built with the tag "faults": make test-faults.
package faults
