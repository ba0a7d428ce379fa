package disk

import (
	"path/filepath"
	"unsafe"

	"modernc.org/libc"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record/sqlite/raw"
)

type (
	openFunc     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	deleteFunc   = func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	closeFunc    = func(tls *libc.TLS, file uintptr) int32
	writeFunc    = func(tls *libc.TLS, file, from uintptr, n int32, at int64) int32
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
)

// lasting are the kinds of files that a power loss leaves behind; SQLite makes the others anew.
const lasting = codes.SQLITE_OPEN_MAIN_DB | codes.SQLITE_OPEN_WAL | codes.SQLITE_OPEN_MAIN_JOURNAL | codes.SQLITE_OPEN_SUPER_JOURNAL

// journals are those of which SQLite syncs the folder with their first sync.
const journals = codes.SQLITE_OPEN_WAL | codes.SQLITE_OPEN_MAIN_JOURNAL | codes.SQLITE_OPEN_SUPER_JOURNAL

func (m *Machine) vfs() uintptr { return uintptr(unsafe.Pointer(m.real)) }

// disk returns the disk that a file is on, nil for none.
func (m *Machine) disk(name uintptr) (*Disk, string) {
	if name == 0 {
		return nil, ""
	}
	dir, base := filepath.Split(libc.GoString(name))
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.disks[filepath.Clean(dir)], base
}

func (m *Machine) file(handle uintptr) *file {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.files[handle]
}

//nolint:revive // The arguments are SQLite's.
func (m *Machine) xOpen(tls *libc.TLS, _, name, handle uintptr, flags int32, out uintptr) int32 {
	open := raw.Function[openFunc](m.real.FxOpen)
	d, base := m.disk(name)
	if d == nil || flags&lasting == 0 {
		return open(tls, m.vfs(), name, handle, flags, out)
	}
	ino, rc := d.opened(base, flags&codes.SQLITE_OPEN_CREATE != 0)
	if rc == codes.SQLITE_READONLY {
		flags = flags&^(codes.SQLITE_OPEN_READWRITE|codes.SQLITE_OPEN_CREATE) | codes.SQLITE_OPEN_READONLY
		rc = codes.SQLITE_OK
	}
	if rc != codes.SQLITE_OK {
		raw.At[codes.Tsqlite3_file](handle).FpMethods = 0
		return rc
	}
	if rc := open(tls, m.vfs(), name, handle, flags, out); rc != codes.SQLITE_OK {
		return rc
	}
	m.watch(tls, handle, &file{
		disk: d, inode: ino, name: base, syncDir: flags&codes.SQLITE_OPEN_CREATE != 0 && flags&journals != 0,
	})
	return codes.SQLITE_OK
}

// watch puts the machine's methods in the place of a file's own.
func (m *Machine) watch(tls *libc.TLS, handle uintptr, f *file) {
	h := raw.At[codes.Tsqlite3_file](handle)
	f.real = raw.At[codes.Tsqlite3_io_methods](h.FpMethods)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[handle] = f
	methods := m.methods[h.FpMethods]
	if methods == 0 {
		methods = libc.Xmalloc(tls, codes.Tsize_t(unsafe.Sizeof(codes.Tsqlite3_io_methods{})))
		own := raw.At[codes.Tsqlite3_io_methods](methods)
		*own = *f.real
		own.FxClose, own.FxWrite, own.FxTruncate, own.FxSync = raw.Pointer(&m.close), raw.Pointer(&m.write), raw.Pointer(&m.cut), raw.Pointer(&m.sync)
		m.methods[h.FpMethods] = methods
	}
	h.FpMethods = methods
}

func (m *Machine) xClose(tls *libc.TLS, handle uintptr) int32 {
	m.mu.Lock()
	f := m.files[handle]
	delete(m.files, handle)
	m.mu.Unlock()
	return raw.Function[closeFunc](f.real.FxClose)(tls, handle)
}

func (m *Machine) xWrite(tls *libc.TLS, handle, from uintptr, n int32, off int64) int32 {
	f := m.file(handle)
	data := unsafe.Slice(raw.At[byte](from), n)
	taken, rc := f.disk.write(f, data, off)
	if taken > 0 {
		if rc := raw.Function[writeFunc](f.real.FxWrite)(tls, handle, from, int32(taken), off); rc != codes.SQLITE_OK {
			return rc
		}
	}
	return rc
}

func (m *Machine) xTruncate(tls *libc.TLS, handle uintptr, size int64) int32 {
	f := m.file(handle)
	if rc := f.disk.truncate(f, size); rc != codes.SQLITE_OK {
		return rc
	}
	return raw.Function[truncateFunc](f.real.FxTruncate)(tls, handle, size)
}

// xSync syncs nothing but the disk of this package: what the machine below does is not looked at.
func (m *Machine) xSync(_ *libc.TLS, handle uintptr, _ int32) int32 {
	f := m.file(handle)
	return f.disk.sync(f)
}

func (m *Machine) xDelete(tls *libc.TLS, _, name uintptr, syncDir int32) int32 {
	d, base := m.disk(name)
	if d != nil {
		if rc := d.removed(base, syncDir != 0); rc != codes.SQLITE_OK {
			return rc
		}
		syncDir = 0
	}
	return raw.Function[deleteFunc](m.real.FxDelete)(tls, m.vfs(), name, syncDir)
}
