package disk

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	codes "modernc.org/sqlite/lib"
)

// Kind is what is asked of a disk.
type Kind string

// The kinds of what is asked.
const (
	Open     Kind = "open"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Delete   Kind = "delete"
)

// Op is one thing asked of a disk. File is how the file's name goes on after the database's: "", "-wal", "-journal".
type Op struct {
	Kind  Kind
	File  string
	Grows int64 // by how much the file would grow
}

// Code is SQLite's number of a failure, 0 for none.
type Code int32

// Some failures.
const (
	Full      Code = codes.SQLITE_FULL
	BadWrite  Code = codes.SQLITE_IOERR_WRITE
	BadSync   Code = codes.SQLITE_IOERR_FSYNC
	BadOpen   Code = codes.SQLITE_CANTOPEN
	BadDelete Code = codes.SQLITE_IOERR_DELETE
	BadSize   Code = codes.SQLITE_IOERR_TRUNCATE
	ReadOnly  Code = codes.SQLITE_READONLY // of Open: the file is opened for reading alone
)

// Disk is one folder as a disk keeps it.
type Disk struct {
	dir string
	off chan struct{} // closed when the power is

	mu     sync.Mutex
	rand   *rand.Rand
	names  map[string]*inode // what programs see
	kept   map[string]*inode // what the folder says on the platter
	moves  []move            // of the folder since its last sync
	fatal  func(Op) bool     // tells what the power fails with
	dead   bool
	last   Op // the one it failed with
	broken func(Op) Code
}

// move is a name that came, or with nil went.
type move struct {
	name  string
	inode *inode
}

func newDisk(dir string, seed uint64) (*Disk, error) {
	d := &Disk{
		dir: dir, off: make(chan struct{}), rand: rand.New(rand.NewPCG(seed, 0)),
		names: map[string]*inode{}, kept: map[string]*inode{},
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := d.found(f.Name()); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// found takes a file that is there, and not by SQLite, for there for good.
func (d *Disk) found(name string) error {
	data, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		return err
	}
	ino := &inode{now: data, kept: append([]byte(nil), data...)}
	d.names[name], d.kept[name] = ino, ino
	return nil
}

// FailWhen has the power fail with the first thing asked of the disk of which fatal says so.
func (d *Disk) FailWhen(fatal func(Op) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fatal = fatal
}

// Off is closed once the power has failed.
func (d *Disk) Off() <-chan struct{} { return d.off }

// Last is what was asked when the power failed.
func (d *Disk) Last() Op {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// Break has a function say what fails from now on; nil mends the disk. What fails may have been done in part, and what
// was not synced before a failed sync may never come to the platter, whatever is synced later.
func (d *Disk) Break(broken func(Op) Code) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

// ask says what fails. Once the power is off everything does; cut tells that this is what it went off with.
func (d *Disk) ask(op Op) (rc Code, cut bool) {
	if d.dead {
		return codes.SQLITE_IOERR, false
	}
	if d.fatal != nil && d.fatal(op) {
		d.dead, d.last = true, op
		close(d.off)
		return codes.SQLITE_IOERR, true
	}
	if d.broken != nil {
		rc = d.broken(op)
	}
	return rc, false
}

// suffix is how a name goes on after the database's.
func suffix(name string) string {
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		return name[i:]
	}
	return ""
}

// opened is asked for a file.
func (d *Disk) opened(name string, create bool) (*inode, int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		if err := d.found(name); err != nil && (!errors.Is(err, fs.ErrNotExist) || !create) {
			return nil, codes.SQLITE_CANTOPEN
		}
	}
	rc, cut := d.ask(Op{Kind: Open, File: suffix(name)})
	if d.names[name] == nil && (rc == 0 || cut) {
		ino := &inode{}
		d.names[name] = ino
		d.moves = append(d.moves, move{name, ino})
	}
	return d.names[name], int32(rc)
}

// write takes data, or of data that fails some from its beginning.
func (d *Disk) write(f *file, data []byte, off int64) (taken int, rc int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	grows := max(off+int64(len(data))-int64(len(f.inode.now)), 0)
	code, cut := d.ask(Op{Kind: Write, File: suffix(f.name), Grows: grows})
	taken = len(data)
	switch {
	case code == 0 || cut:
	case d.dead:
		return 0, int32(code)
	default:
		taken = min(sector*d.rand.IntN(len(data)/sector+1), len(data))
	}
	f.inode.write(data[:taken], off)
	return taken, int32(code)
}

func (d *Disk) truncate(f *file, size int64) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	rc, cut := d.ask(Op{Kind: Truncate, File: suffix(f.name)})
	if rc == 0 || cut {
		f.inode.truncate(size)
	}
	return int32(rc)
}

func (d *Disk) sync(f *file) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	rc, cut := d.ask(Op{Kind: Sync, File: suffix(f.name)})
	switch {
	case rc == 0:
		f.inode.sync()
		if f.syncDir {
			f.syncDir = false
			d.syncDir()
		}
	case !cut && !d.dead:
		// The system takes what it could not write for written, and tells once: no later sync writes it.
		f.inode.kept = f.inode.survivor(d.rand)
		f.inode.dirty = nil
	}
	return int32(rc)
}

func (d *Disk) removed(name string, syncDir bool) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	rc, cut := d.ask(Op{Kind: Delete, File: suffix(name)})
	if rc != 0 && !cut {
		return int32(rc)
	}
	if d.names[name] != nil {
		delete(d.names, name)
		d.moves = append(d.moves, move{name, nil})
	}
	if syncDir && rc == 0 {
		d.syncDir()
	}
	return int32(rc)
}

func (d *Disk) syncDir() {
	for _, m := range d.moves {
		d.kept[m.name] = m.inode
	}
	d.moves = nil
}

// Survivors writes what a power loss leaves into another folder: what was synced, and of the rest whatever the seed
// picks, in whole or in part. Names that came or went since the folder's last sync may be there or not. Beside a
// database may lie an index of its log that is no good.
func (d *Disk) Survivors(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := map[string]*inode{}
	for name, ino := range d.kept {
		left[name] = ino
	}
	stuck := map[string]bool{} // names that keep what they are now
	for _, m := range d.moves {
		if !stuck[m.name] && d.rand.IntN(2) == 0 {
			stuck[m.name] = true
		}
		if !stuck[m.name] {
			left[m.name] = m.inode
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, ino := range left {
		if ino == nil {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, ino.survivor(d.rand), 0o600); err != nil {
			return err
		}
		if suffix(name) == "-wal" && d.rand.IntN(2) == 0 {
			junk := grown(nil, 1<<15, d.rand)
			if err := os.WriteFile(strings.TrimSuffix(path, "-wal")+"-shm", junk, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
