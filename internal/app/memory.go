package app

import (
	"os"
	"runtime/debug"
)

const (
	// memoryLimit is where the garbage collector works harder to keep the heap small. With the pages of the program itself
	// and what SQLite takes, the process stays below 150 MB through any flood; work that needs more gets it all the same.
	memoryLimit = 80 << 20
	// garbage is how much of it may gather below that limit, as a percentage of what is in use. What is in use is little,
	// so that Go's own 100 would have the collector run many times a second under load.
	garbage = 300
)

// LimitMemory sets the limit for the process and how often garbage is collected below it, unless its environment does
// (GOMEMLIMIT, GOGC). It returns the limit in force.
func LimitMemory() int64 {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	return debug.SetMemoryLimit(-1)
}

// Settle gives back the memory that only the start needed. It works on beside whoever calls it.
func Settle() {
	go func() {
		debug.FreeOSMemory()
		forgetProgram()
	}()
}
