package app

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// forgetProgram takes the pages of the program itself that nobody can write out of the process's memory. The start has
// touched most of them, and little of that is needed again; what is comes back out of the system's cache, or from the
// file. See madvise(2), MADV_DONTNEED. What the system refuses stays.
func forgetProgram() {
	program, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to, offset uintptr
		var mode, device, path string
		var inode uint64
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s %x %s %d %s", &from, &to, &mode, &offset, &device, &inode, &path)
		if err == nil && path == program && mode[1] == '-' {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}
