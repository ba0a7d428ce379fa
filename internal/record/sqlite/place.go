package sqlite

import (
	"fmt"
	"os"

	"hls/internal/record"
)

// place is the files of an open database by name: itself, its log and its lock. The system lets a process write on to
// files that were removed or replaced, and what is accepted into those is gone when the process ends.
type place map[string]os.FileInfo

// newPlace notes which files the names stand for.
func newPlace(path string) (place, error) {
	p := place{path: nil, path + "-wal": nil, path + ".lock": nil}
	for name := range p {
		file, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", record.ErrUnavailable, err)
		}
		p[name] = file
	}
	return p, nil
}

// check returns an error unless the names stand for the same files as before.
func (p place) check() error {
	for name, file := range p {
		now, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("%w: %w", record.ErrUnavailable, err)
		}
		if !os.SameFile(now, file) {
			return fmt.Errorf("%w: %s was replaced while it was open; restart to use the new one", record.ErrUnavailable, name)
		}
	}
	return nil
}
