package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Dict is a Python dict: it keeps the order in which keys were added. The zero value is an empty Dict.
type Dict struct {
	keys, vals []any
	texts      map[string]int // where the keys are that are strings; nil while they are few
	others     map[any]int    // the same for other keys, by hash key
}

// fewKeys are looked through one by one.
const fewKeys = 8

// NewDict gives an empty Dict.
func NewDict() *Dict { return &Dict{} }

// Get gives the value of a key.
func (d *Dict) Get(key any) (any, bool) {
	i := d.find(key)
	if i < 0 {
		return nil, false
	}
	return d.vals[i], true
}

// text gives the value of a key that is a string.
func (d *Dict) text(key string) (any, bool) {
	i := d.findText(key)
	if i < 0 {
		return nil, false
	}
	return d.vals[i], true
}

func (d *Dict) findText(key string) int {
	if d.texts != nil {
		if i, ok := d.texts[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range d.keys {
		if s, ok := asStr(k); ok && s == key {
			return i
		}
	}
	return -1
}

func (d *Dict) find(key any) int {
	if s, ok := asStr(key); ok {
		return d.findText(s)
	}
	h := hashKey(key)
	if i, ok := d.others[h]; ok {
		return i
	}
	return -1
}

// Set stores a value: one of this package, a scalar, or what From gave. It panics when the key is a list or a dict, as
// Python raises a TypeError.
func (d *Dict) Set(key, value any) {
	key, value = plain(key), plain(value)
	if i := d.find(key); i >= 0 {
		d.vals[i] = value
		return
	}
	d.keys = append(d.keys, key)
	d.vals = append(d.vals, value)
	d.note(len(d.keys) - 1)
}

// plain makes Go's usual numbers those of this package.
func plain(v any) any {
	switch t := v.(type) {
	case int:
		return int64(t)
	case int32:
		return int64(t)
	case float32:
		return float64(t)
	}
	return v
}

// setText is Set for a key that is a string.
func (d *Dict) setText(key string, value any) {
	if i := d.findText(key); i >= 0 {
		d.vals[i] = value
		return
	}
	d.Set(key, value)
}

// note keeps in mind where a key is.
func (d *Dict) note(i int) {
	s, isText := asStr(d.keys[i])
	switch {
	case !isText:
		if d.others == nil {
			d.others = map[any]int{}
		}
		d.others[hashKey(d.keys[i])] = i
	case d.texts != nil:
		d.texts[s] = i
	case len(d.keys) > fewKeys:
		d.texts = make(map[string]int, 2*fewKeys)
		for j, k := range d.keys {
			if t, ok := asStr(k); ok {
				d.texts[t] = j
			}
		}
	}
}

// Delete removes a key.
func (d *Dict) Delete(key any) {
	i := d.find(key)
	if i < 0 {
		return
	}
	if s, ok := asStr(key); ok {
		delete(d.texts, s)
	} else {
		delete(d.others, hashKey(key))
	}
	if i == len(d.keys)-1 {
		d.keys, d.vals = d.keys[:i:i], d.vals[:i:i]
		return
	}
	d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
	d.vals = append(d.vals[:i:i], d.vals[i+1:]...)
	for j := i; j < len(d.keys); j++ {
		d.note(j)
	}
}

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Keys lists the keys in order.
func (d *Dict) Keys() []any { return append([]any(nil), d.keys...) }

func (d *Dict) pairs() []any {
	out := make([]any, len(d.keys))
	for i, k := range d.keys {
		out[i] = tuple(k, d.vals[i])
	}
	return out
}

func (d *Dict) copy() *Dict {
	c := NewDict()
	for i, k := range d.keys {
		c.Set(k, d.vals[i])
	}
	return c
}

// compoundKey is the hash key of a tuple, big integer or the like.
type compoundKey string

// hashKey makes keys that are equal in Python equal in Go.
func hashKey(k any) any {
	switch t := k.(type) {
	case string:
		return k
	case bool:
		if t {
			return int64(1)
		}
		return int64(0)
	case float64:
		if t == math.Trunc(t) && math.Abs(t) < 1<<62 {
			return int64(t)
		}
	case Markup:
		return string(t)
	case *Tuple:
		var b strings.Builder
		writeHash(&b, t, 0)
		return compoundKey(b.String())
	case *big.Int:
		return compoundKey("i" + t.String())
	case *Undefined:
		if t.policy == Strict {
			panic(t.err())
		}
		return compoundKey("u" + strconv.Itoa(int(t.policy)))
	case *List, *Dict, *dictView, *namespace:
		panic(typeErr("unhashable type: '%s'", typeName(k)))
	}
	return k
}

func writeHash(b *strings.Builder, v any, depth int) {
	if depth > maxDepth || b.Len() > maxHash {
		panic(limitErr("a key is too large"))
	}
	switch h := hashKeyOf(v).(type) {
	case string:
		b.WriteString("s" + strconv.Quote(h))
	case int64:
		b.WriteString("i" + strconv.FormatInt(h, 10))
	case float64:
		b.WriteString("f" + strconv.FormatFloat(h, 'g', -1, 64))
	case nil:
		b.WriteString("n")
	case compoundKey:
		b.WriteString(string(h))
	case *Tuple:
		b.WriteByte('(')
		for _, x := range h.Items {
			writeHash(b, x, depth+1)
			b.WriteByte(',')
		}
		b.WriteByte(')')
	default:
		panic(typeErr("unhashable type: '%s'", typeName(v)))
	}
}

// hashKeyOf is hashKey without the descent into tuples.
func hashKeyOf(v any) any {
	if t, ok := v.(*Tuple); ok {
		return t
	}
	return hashKey(v)
}

const maxHash = 1 << 20
