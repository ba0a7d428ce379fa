package disk

import "math/rand/v2"

// sector is what a disk writes in one piece.
const sector = 512

// inode is a file as programs read it, and as the platter has it.
type inode struct {
	now   []byte
	kept  []byte
	dirty []change // since the last sync, in order
}

// change is one write, as the sectors it left behind, or with none a new size.
type change struct {
	first   int // sector
	sectors [][]byte
	size    int // of the file after it
}

func (n *inode) write(data []byte, off int64) {
	if len(data) == 0 {
		return
	}
	from, to := int(off), int(off)+len(data)
	n.now = sized(n.now, max(to, len(n.now)))
	copy(n.now[from:to], data)
	c := change{first: from / sector, size: len(n.now)}
	for at := c.first * sector; at < to; at += sector {
		c.sectors = append(c.sectors, append([]byte(nil), n.now[at:min(at+sector, len(n.now))]...))
	}
	n.dirty = append(n.dirty, c)
}

func (n *inode) truncate(size int64) {
	n.now = sized(n.now, int(size))
	n.dirty = append(n.dirty, change{size: int(size)})
}

func (n *inode) sync() {
	for _, c := range n.dirty {
		n.kept = c.on(n.kept, func() bool { return true })
	}
	n.dirty = nil
}

// on makes a change to a file, as far as keep says: its size, and each of its sectors.
func (c change) on(file []byte, keep func() bool) []byte {
	if c.sectors == nil {
		return sized(file, c.size)
	}
	for i, s := range c.sectors {
		if keep() {
			at := (c.first + i) * sector
			file = sized(file, max(len(file), at+len(s)))
			copy(file[at:], s)
		}
	}
	return file
}

// survivor is what the platter may have after a power loss: of the changes since the last sync none, all, some, or some
// in part.
func (n *inode) survivor(r *rand.Rand) []byte {
	file := append([]byte(nil), n.kept...)
	mood := r.IntN(4)
	odds := 0.1 + 0.8*r.Float64()
	coin := func() bool { return r.Float64() < odds }
	whole := func() bool { return true }
	for _, c := range n.dirty {
		switch {
		case mood == 0:
		case mood == 1:
			file = c.on(file, whole)
		case coin():
			file = c.on(file, whole)
		case mood == 2 || c.sectors == nil:
		case coin(): // torn
			file = c.on(file, coin)
		case coin(): // the size came to the platter, and what stood in its place before shows through
			file = grown(file, c.size, r)
		}
	}
	return file
}

// grown makes a file longer by what was on the platter before: nothing, or anything.
func grown(file []byte, size int, r *rand.Rand) []byte {
	had := len(file)
	file = sized(file, max(size, had))
	if r.IntN(2) == 0 {
		for i := had; i < len(file); i++ {
			file[i] = byte(r.Uint32())
		}
	}
	return file
}

// sized makes a file longer by zeros, or shorter.
func sized(file []byte, size int) []byte {
	if size <= len(file) {
		return file[:size]
	}
	return append(file, make([]byte, size-len(file))...)
}
