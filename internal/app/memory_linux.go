package app

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// forgetProgram takes the pages of the program itself that nobody can write, and nobody has written, out of the process's
// memory. The start has touched most of them, and little of that is needed again; what is comes back out of the system's
// cache, or from the file. See madvise(2), MADV_DONTNEED: what the process changed before it closed a page to writing, as a
// loader does in a position-independent program, would be lost. What the system refuses stays.
func forgetProgram() {
	program, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	var from, to uintptr // of the mapping that the lines are about; to is 0 for none of the program's
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var start, end, offset uintptr
		var mode, device, path string
		var inode, own uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s %x %s %d %s", &start, &end, &mode, &offset, &device, &inode, &path); err == nil {
			if from, to = start, 0; path == program && mode[1] == '-' {
				to = end
			}
			continue
		}
		if _, err := fmt.Sscanf(lines.Text(), "Anonymous: %d kB", &own); err == nil && own == 0 && to != 0 {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
