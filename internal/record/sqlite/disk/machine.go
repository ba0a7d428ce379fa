// Package disk puts disks under SQLite for tests: disks whose power fails, which then keep what was synced and some of
// the rest, and which can be full or broken.
//
// A Machine takes the place of SQLite's own way to its files for the whole process. Files in the folder of one of its
// disks are watched; all others are read and written as ever. Nothing that SQLite's users do has to change.
package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record/sqlite/raw"
)

// Machine stands between SQLite and its files.
type Machine struct {
	real *codes.Tsqlite3_vfs
	// SQLite holds these by address alone: they must not be collected.
	open   func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	remove func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	close  func(tls *libc.TLS, file uintptr) int32
	write  func(tls *libc.TLS, file, from uintptr, n int32, at int64) int32
	cut    func(tls *libc.TLS, file uintptr, size int64) int32
	sync   func(tls *libc.TLS, file uintptr, flags int32) int32

	mu      sync.RWMutex
	disks   map[string]*Disk    // by folder
	files   map[uintptr]*file   // open ones, by SQLite's handle
	methods map[uintptr]uintptr // of watched files, by those that they stand for
}

// file is an open file on a disk.
type file struct {
	disk    *Disk
	inode   *inode
	name    string
	real    *codes.Tsqlite3_io_methods
	syncDir bool // the next sync is one of the folder too
}

// Install makes a Machine SQLite's way to files, for good.
func Install() (*Machine, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	own := codes.Xsqlite3_vfs_find(tls, 0)
	if own == 0 {
		return nil, errors.New("SQLite has no way to files")
	}
	m := &Machine{real: raw.At[codes.Tsqlite3_vfs](own), disks: map[string]*Disk{}, files: map[uintptr]*file{}, methods: map[uintptr]uintptr{}}
	m.open, m.remove, m.close, m.write, m.cut, m.sync = m.xOpen, m.xDelete, m.xClose, m.xWrite, m.xTruncate, m.xSync
	name, err := libc.CString("disks")
	if err != nil {
		return nil, err
	}
	vfs := libc.Xmalloc(tls, codes.Tsize_t(unsafe.Sizeof(codes.Tsqlite3_vfs{})))
	if vfs == 0 {
		return nil, errors.New("no memory")
	}
	v := raw.At[codes.Tsqlite3_vfs](vfs)
	*v = *m.real
	v.FzName, v.FpNext = name, 0
	v.FxOpen, v.FxDelete = raw.Pointer(&m.open), raw.Pointer(&m.remove)
	if rc := codes.Xsqlite3_vfs_register(tls, vfs, 1); rc != codes.SQLITE_OK {
		return nil, fmt.Errorf("register: code %d", rc)
	}
	return m, nil
}

// Disk watches a folder, which is made when it is not there. What the folder has in it is there for good.
func (m *Machine) Disk(dir string, seed uint64) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	d, err := newDisk(dir, seed)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.disks[dir] = d
	return d, nil
}

// Remove ends the watch over a disk's folder.
func (m *Machine) Remove(d *Disk) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.disks, d.dir)
}
