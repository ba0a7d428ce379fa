package app

import (
	"os"
	"runtime/debug"
)

// memoryLimit is where the garbage collector works harder to keep the heap small. With the pages of the program itself
// and what SQLite takes, the process stays below 150 MB through any flood; work that needs more gets it all the same.
const memoryLimit = 80 << 20

// LimitMemory sets the limit for the process, unless its environment does (GOMEMLIMIT). It returns the one in force.
func LimitMemory() int64 {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	return debug.SetMemoryLimit(-1)
}
