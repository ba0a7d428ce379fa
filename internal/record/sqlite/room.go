package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Room tells how many bytes the files of a database take, and how many its disk has left for this process.
func Room(address string) (used, free int64, err error) {
	path, err := parse(address)
	if err != nil {
		return 0, 0, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, 0, fmt.Errorf("measure database: %w", err)
		}
		if err == nil {
			used += info.Size()
		}
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &disk); err != nil {
		return 0, 0, fmt.Errorf("measure disk of database: %w", err)
	}
	return used, int64(disk.Bavail) * int64(disk.Bsize), nil // The types differ between systems.
}
