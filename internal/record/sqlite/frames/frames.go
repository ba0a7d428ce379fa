// Package frames writes what one connection appends to SQLite's log in few calls to the system.
//
// SQLite writes a log page by page, and the header of each page apart from it: two calls for each page. Here what is
// appended is held back until the frame that commits, and written at once. Nobody looks for a frame before it is
// committed, and whatever else happens to the log comes after what was held back, a sync above all. See "WAL-mode File
// Format".
package frames

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"modernc.org/libc"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record/sqlite/raw"
)

const (
	header   = 24      // bytes before each page in the log
	mostHeld = 0x1ffff // bytes: SQLite's way to files writes no more in one call
)

type (
	openFunc     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	closeFunc    = func(tls *libc.TLS, file uintptr) int32
	moveFunc     = func(tls *libc.TLS, file, memory uintptr, n int32, at int64) int32 // to the file or from it
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc     = func(tls *libc.TLS, file uintptr, flags int32) int32
	sizeFunc     = func(tls *libc.TLS, file, out uintptr) int32
)

// VFS is SQLite's way to files for one connection. Name it in the connection's URL (vfs=…), and close it after the
// connection.
type VFS struct {
	Name string

	vfs, name, methods uintptr
	below              *codes.Tsqlite3_vfs
	file               *codes.Tsqlite3_io_methods // of the log
	main               uintptr                    // the database's file

	// SQLite holds these by address alone.
	open  openFunc
	close closeFunc
	read  moveFunc
	write moveFunc
	cut   truncateFunc
	sync  syncFunc
	size  sizeFunc

	lost    int64 // where frames should be that could not be written, 0 for none
	held    []byte
	start   int64 // of what is held, in the file
	tail    int64 // where the last write ended
	commits bool  // the frame whose header was written last
}

// New makes a way to files on top of SQLite's own.
func New() (*VFS, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	below := codes.Xsqlite3_vfs_find(tls, 0)
	if below == 0 {
		return nil, errors.New("SQLite has no way to files")
	}
	f := &VFS{below: raw.At[codes.Tsqlite3_vfs](below)}
	f.open, f.close, f.read, f.write, f.cut, f.sync, f.size = f.xOpen, f.xClose, f.xRead, f.xWrite, f.xTruncate, f.xSync, f.xFileSize
	f.vfs = libc.Xcalloc(tls, 1, codes.Tsize_t(unsafe.Sizeof(codes.Tsqlite3_vfs{})))
	f.methods = libc.Xcalloc(tls, 1, codes.Tsize_t(unsafe.Sizeof(codes.Tsqlite3_io_methods{})))
	f.Name = fmt.Sprintf("frames-%x", f.vfs)
	var err error
	if f.name, err = libc.CString(f.Name); err != nil || f.vfs == 0 || f.methods == 0 {
		return nil, errors.New("no memory")
	}
	v := raw.At[codes.Tsqlite3_vfs](f.vfs)
	*v = *f.below
	v.FzName, v.FpNext, v.FxOpen = f.name, 0, raw.Pointer(&f.open)
	if rc := codes.Xsqlite3_vfs_register(tls, f.vfs, 0); rc != codes.SQLITE_OK {
		return nil, fmt.Errorf("register a way to files: code %d", rc)
	}
	return f, nil
}

// Close frees what SQLite held.
func (f *VFS) Close() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := codes.Xsqlite3_vfs_unregister(tls, f.vfs); rc != codes.SQLITE_OK {
		return fmt.Errorf("remove a way to files: code %d", rc)
	}
	for _, p := range []uintptr{f.vfs, f.methods, f.name} {
		libc.Xfree(tls, p)
	}
	return nil
}

//nolint:revive // The arguments are SQLite's.
func (f *VFS) xOpen(tls *libc.TLS, _, name, handle uintptr, flags int32, out uintptr) int32 {
	rc := raw.Function[openFunc](f.below.FxOpen)(tls, uintptr(unsafe.Pointer(f.below)), name, handle, flags, out)
	if rc == codes.SQLITE_OK && flags&codes.SQLITE_OPEN_MAIN_DB != 0 {
		f.main = handle
	}
	if rc != codes.SQLITE_OK || flags&codes.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	h := raw.At[codes.Tsqlite3_file](handle)
	f.file, f.held, f.tail, f.commits = raw.At[codes.Tsqlite3_io_methods](h.FpMethods), nil, 0, false
	own := raw.At[codes.Tsqlite3_io_methods](f.methods)
	*own = *f.file
	own.FxClose, own.FxRead, own.FxWrite = raw.Pointer(&f.close), raw.Pointer(&f.read), raw.Pointer(&f.write)
	own.FxTruncate, own.FxSync, own.FxFileSize = raw.Pointer(&f.cut), raw.Pointer(&f.sync), raw.Pointer(&f.size)
	h.FpMethods = f.methods
	return rc
}

// xWrite holds back what follows on the last write, up to the end of the frame that commits.
func (f *VFS) xWrite(tls *libc.TLS, handle, from uintptr, n int32, off int64) int32 {
	if off <= f.lost {
		f.lost = 0
	}
	follows := off == f.tail && off > 0
	if !follows || len(f.held)+int(n) > mostHeld {
		if rc := f.flush(tls, handle); rc != codes.SQLITE_OK {
			return rc
		}
	}
	f.tail = off + int64(n)
	data := unsafe.Slice(raw.At[byte](from), n)
	if n == header {
		f.commits = binary.BigEndian.Uint32(data[4:]) != 0 // The size of the database after the commit.
	}
	if !follows {
		return raw.Function[moveFunc](f.file.FxWrite)(tls, handle, from, n, off)
	}
	if len(f.held) == 0 {
		f.start = off
	}
	f.held = append(f.held, data...)
	if f.commits && n != header {
		return f.flush(tls, handle)
	}
	return codes.SQLITE_OK
}

// ErrSync is a file that the system could not put on the disk.
var ErrSync = errors.New("sync the database's file")

// Sync puts on the disk what was moved into the database's file. It belongs to the goroutine that has the connection.
func (f *VFS) Sync() error {
	tls := libc.NewTLS()
	defer tls.Close()
	methods := raw.At[codes.Tsqlite3_io_methods](raw.At[codes.Tsqlite3_file](f.main).FpMethods)
	if rc := raw.Function[syncFunc](methods.FxSync)(tls, f.main, codes.SQLITE_SYNC_NORMAL); rc != codes.SQLITE_OK {
		return fmt.Errorf("%w: code %d", ErrSync, rc)
	}
	return nil
}

// Forget drops what is held of a transaction that was rolled back. Somebody else may write there next.
func (f *VFS) Forget() { f.held, f.tail, f.lost = f.held[:0], 0, 0 }

// flush writes what is held. When it fails, SQLite was told of frames as written that are not there: until it writes them
// anew, or starts the log anew, nothing behind them is written, and nothing is read or synced.
func (f *VFS) flush(tls *libc.TLS, handle uintptr) int32 {
	if f.lost > 0 {
		return codes.SQLITE_IOERR_WRITE
	}
	if len(f.held) == 0 {
		return codes.SQLITE_OK
	}
	n := int32(len(f.held)) //nolint:gosec // It is mostHeld at most.
	rc := raw.Function[moveFunc](f.file.FxWrite)(tls, handle, uintptr(unsafe.Pointer(&f.held[0])), n, f.start)
	f.held = f.held[:0]
	if rc != codes.SQLITE_OK {
		f.tail, f.lost = 0, f.start
	}
	return rc
}

func (f *VFS) xRead(tls *libc.TLS, handle, to uintptr, n int32, off int64) int32 {
	switch {
	case f.lost > 0 && off+int64(n) <= f.lost: // A rollback reads what was there before.
		return raw.Function[moveFunc](f.file.FxRead)(tls, handle, to, n, off)
	case f.lost > 0:
		return codes.SQLITE_IOERR_READ
	}
	if rc := f.flush(tls, handle); rc != codes.SQLITE_OK {
		return rc
	}
	return raw.Function[moveFunc](f.file.FxRead)(tls, handle, to, n, off)
}

func (f *VFS) xTruncate(tls *libc.TLS, handle uintptr, size int64) int32 {
	if rc := f.flush(tls, handle); rc != codes.SQLITE_OK {
		return rc
	}
	return raw.Function[truncateFunc](f.file.FxTruncate)(tls, handle, size)
}

func (f *VFS) xSync(tls *libc.TLS, handle uintptr, flags int32) int32 {
	if rc := f.flush(tls, handle); rc != codes.SQLITE_OK {
		return rc
	}
	return raw.Function[syncFunc](f.file.FxSync)(tls, handle, flags)
}

func (f *VFS) xFileSize(tls *libc.TLS, handle, out uintptr) int32 {
	if rc := f.flush(tls, handle); rc != codes.SQLITE_OK {
		return rc
	}
	return raw.Function[sizeFunc](f.file.FxFileSize)(tls, handle, out)
}

// xClose drops what is held: nothing of it was committed.
func (f *VFS) xClose(tls *libc.TLS, handle uintptr) int32 {
	f.held = nil
	return raw.Function[closeFunc](f.file.FxClose)(tls, handle)
}
