package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Values: nil, bool, int64, *big.Int, float64, string, Markup, *List, *Tuple, *Dict, *Gen, *Range, *Undefined, *Func and the runtime objects of eval.go.

// Markup is a string that is safe to print under autoescape.
type Markup string

// List is a Python list.
type List struct{ Items []any }

// Tuple is a Python tuple; Names makes it a named tuple.
type Tuple struct {
	Items []any
	Names []string
}

// Gen is what a lazy filter returns; it can be read once.
type Gen struct {
	items []any
	used  bool
}

// Range is Python's range object.
type Range struct{ start, stop, step int64 }

func (r *Range) len() int64 {
	if r.step > 0 && r.start < r.stop {
		return (r.stop - r.start + r.step - 1) / r.step
	}
	if r.step < 0 && r.start > r.stop {
		return (r.start - r.stop - r.step - 1) / -r.step
	}
	return 0
}

// Dict is a Python dict: it keeps insertion order.
type Dict struct {
	keys, vals []any
	idx        map[any]int
}

// NewDict returns an empty Dict.
func NewDict() *Dict { return &Dict{idx: map[any]int{}} }

type tupleKey string

func hashKey(k any) any {
	switch t := k.(type) {
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
		return tupleKey(repr(t))
	case *big.Int:
		return "big:" + t.String()
	case *List, *Dict:
		panic(typeErr("unhashable type: '%s'", typeName(k)))
	}
	return k
}

// Get returns the value of a key.
func (d *Dict) Get(k any) (any, bool) {
	if i, ok := d.idx[hashKey(k)]; ok {
		return d.vals[i], true
	}
	return nil, false
}

// Set stores a value.
func (d *Dict) Set(k, v any) {
	h := hashKey(k)
	if i, ok := d.idx[h]; ok {
		d.vals[i] = v
		return
	}
	d.idx[h] = len(d.keys)
	d.keys = append(d.keys, k)
	d.vals = append(d.vals, v)
}

// Del removes a key.
func (d *Dict) Del(k any) {
	h := hashKey(k)
	i, ok := d.idx[h]
	if !ok {
		return
	}
	delete(d.idx, h)
	d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
	d.vals = append(d.vals[:i:i], d.vals[i+1:]...)
	for j := i; j < len(d.keys); j++ {
		d.idx[hashKey(d.keys[j])] = j
	}
}

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Undefined is a missing value.
type Undefined struct {
	name   string
	obj    any
	hasObj bool
	hint   string
	kind   UndefinedPolicy
}

func (u *Undefined) msg() string {
	switch {
	case u.hint != "":
		return u.hint
	case !u.hasObj:
		return reprStr(u.name) + " is undefined"
	default:
		return fmt.Sprintf("'%s' has no attribute %s", objTypeRepr(u.obj), reprStr(u.name))
	}
}

func objTypeRepr(o any) string {
	if o == nil {
		return "None"
	}
	return typeName(o) + " object"
}

func (u *Undefined) err() error { return &Error{Kind: "UndefinedError", Message: u.msg()} }

// Func is a callable value.
type Func struct {
	Name string
	Fn   func(st *state, a *args) any
}

type args struct {
	pos []any
	kwn []string
	kwv []any
}

func (a *args) kw(n string) (any, bool) {
	for i, k := range a.kwn {
		if k == n {
			return a.kwv[i], true
		}
	}
	return nil, false
}

// FromJSON decodes JSON and keeps the order of keys and the difference between 1 and 1.0.
func FromJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decode(d, 0)
	return v, err
}

func decode(d *json.Decoder, depth int) (any, error) {
	if depth > 500 {
		return nil, fmt.Errorf("JSON nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			l := &List{}
			for d.More() {
				v, err := decode(d, depth+1)
				if err != nil {
					return nil, err
				}
				l.Items = append(l.Items, v)
			}
			_, err := d.Token()
			return l, err
		}
		m := NewDict()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decode(d, depth+1)
			if err != nil {
				return nil, err
			}
			m.Set(k.(string), v)
		}
		_, err := d.Token()
		return m, err
	case json.Number:
		if strings.ContainsAny(string(t), ".eE") {
			return t.Float64()
		}
		if i, err := t.Int64(); err == nil {
			return i, nil
		}
		z, _ := new(big.Int).SetString(string(t), 10)
		return z, nil
	}
	return t, nil
}

// From converts plain Go values.
func From(v any) (x any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("convert %T: %v", v, r)
		}
	}()
	return from(v), nil
}

func from(v any) any {
	switch t := v.(type) {
	case nil, bool, int64, float64, string, Markup, *big.Int, *List, *Tuple, *Dict, *Gen, *Range, *Undefined, *Func:
		return v
	case int:
		return int64(t)
	case int32:
		return int64(t)
	case uint:
		return int64(t)
	case []any:
		l := &List{Items: make([]any, len(t))}
		for i := range t {
			l.Items[i] = from(t[i])
		}
		return l
	case []string:
		l := &List{}
		for _, s := range t {
			l.Items = append(l.Items, s)
		}
		return l
	case map[string]any:
		d := NewDict()
		ks := make([]string, 0, len(t))
		for k := range t {
			ks = append(ks, k)
		}
		sort.Strings(ks)
		for _, k := range ks {
			d.Set(k, from(t[k]))
		}
		return d
	case Function:
		return &Func{"function", func(_ *state, a *args) any {
			r, err := t(toArgs(a))
			if err != nil {
				panic(callbackErr("function", err))
			}
			return from(r)
		}}
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		x, err := FromJSON(b)
		if err != nil {
			return fmt.Sprint(v)
		}
		return x
	}
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Markup:
		return "Markup"
	case *List:
		return "list"
	case *Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case *Gen:
		return "generator"
	case *Range:
		return "range"
	case *Undefined:
		return "Undefined"
	case *Func:
		return "function"
	case *Macro:
		return "Macro"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*jinja.")
}

func asStr(v any) (string, bool) {
	switch t := v.(type) {
	case string:
		return t, true
	case Markup:
		return string(t), true
	}
	return "", false
}

func truth(v any) bool {
	switch t := v.(type) {
	case nil:
		return false
	case bool:
		return t
	case int64:
		return t != 0
	case *big.Int:
		return t.Sign() != 0
	case float64:
		return t != 0
	case string:
		return t != ""
	case Markup:
		return t != ""
	case *List:
		return len(t.Items) > 0
	case *Tuple:
		return len(t.Items) > 0
	case *Dict:
		return len(t.keys) > 0
	case *Range:
		return t.len() > 0
	case *Undefined:
		if t.kind == Strict {
			panic(t.err())
		}
		return false
	}
	return true
}

// str is Python's str().
func str(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case Markup:
		return string(t)
	case *Undefined:
		switch t.kind {
		case Strict:
			panic(t.err())
		case Debug:
			switch {
			case t.hint != "":
				return "{{ undefined value printed: " + t.hint + " }}"
			case !t.hasObj:
				return "{{ " + t.name + " }}"
			default:
				return "{{ no such element: " + objTypeRepr(t.obj) + "[" + reprStr(t.name) + "] }}"
			}
		}
		return ""
	case *Module:
		return t.out
	}
	return repr(v)
}

func repr(v any) string { var b strings.Builder; writeRepr(&b, v, 0); return b.String() }

const maxRepr = 16 << 20

func writeRepr(b *strings.Builder, v any, depth int) {
	if depth > 200 || b.Len() > maxRepr {
		panic(rerr("LimitError", "value is nested too deeply or too large to print"))
	}
	seq := func(open, close string, items []any, comma bool) {
		b.WriteString(open)
		for i, x := range items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeRepr(b, x, depth+1)
		}
		if comma && len(items) == 1 {
			b.WriteByte(',')
		}
		b.WriteString(close)
	}
	switch t := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		if t {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case int64:
		b.WriteString(strconv.FormatInt(t, 10))
	case *big.Int:
		b.WriteString(t.String())
	case float64:
		b.WriteString(floatRepr(t))
	case string:
		b.WriteString(reprStr(t))
	case Markup:
		b.WriteString("Markup(" + reprStr(string(t)) + ")")
	case *List:
		seq("[", "]", t.Items, false)
	case *Tuple:
		seq("(", ")", t.Items, true)
	case *Dict:
		b.WriteByte('{')
		for i, k := range t.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			writeRepr(b, k, depth+1)
			b.WriteString(": ")
			writeRepr(b, t.vals[i], depth+1)
		}
		b.WriteByte('}')
	case *Range:
		if t.step == 1 {
			fmt.Fprintf(b, "range(%d, %d)", t.start, t.stop)
		} else {
			fmt.Fprintf(b, "range(%d, %d, %d)", t.start, t.stop, t.step)
		}
	case *Undefined:
		b.WriteString("Undefined")
	case *Namespace:
		b.WriteString("<Namespace ")
		writeRepr(b, t.d, depth+1)
		b.WriteByte('>')
	case *Macro:
		b.WriteString("<Macro " + reprStr(t.def.name) + ">")
	default:
		b.WriteString("<" + typeName(v) + ">")
	}
}

func reprStr(s string) string {
	q := byte('\'')
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		q = '"'
	}
	var b strings.Builder
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x7f:
			b.WriteRune(r)
		case !printable(r):
			switch {
			case r <= 0xff:
				fmt.Fprintf(&b, `\x%02x`, r)
			case r <= 0xffff:
				fmt.Fprintf(&b, `\u%04x`, r)
			default:
				fmt.Fprintf(&b, `\U%08x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(q)
	return b.String()
}

func printable(r rune) bool { return unicode.IsPrint(r) }

func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	i := strings.IndexByte(e, 'e')
	exp, _ := strconv.Atoi(e[i+1:])
	if exp < -4 || exp >= 16 {
		sign := "+"
		if exp < 0 {
			sign = "-"
			exp = -exp
		}
		return fmt.Sprintf("%se%s%02d", e[:i], sign, exp)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}

func normInt(z *big.Int) any {
	if z.IsInt64() {
		return z.Int64()
	}
	if z.BitLen() > 1<<16 {
		panic(rerr("LimitError", "integer too large"))
	}
	return z
}

func toBig(v any) (*big.Int, bool) {
	switch t := v.(type) {
	case int64:
		return big.NewInt(t), true
	case bool:
		if t {
			return big.NewInt(1), true
		}
		return big.NewInt(0), true
	case *big.Int:
		return t, true
	}
	return nil, false
}

func toInt(v any) (int64, bool) {
	switch t := v.(type) {
	case int64:
		return t, true
	case bool:
		if t {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func toFloat(v any) (float64, bool) {
	switch t := v.(type) {
	case float64:
		return t, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(t).Float64()
		return f, true
	}
	if i, ok := toInt(v); ok {
		return float64(i), true
	}
	return 0, false
}

func isNum(v any) bool { _, ok := toFloat(v); return ok }

func equal(a, b any) bool {
	if isNum(a) && isNum(b) {
		_, fa := a.(float64)
		_, fb := b.(float64)
		if fa || fb {
			x, _ := toFloat(a)
			y, _ := toFloat(b)
			return x == y
		}
		x, _ := toBig(a)
		y, _ := toBig(b)
		return x.Cmp(y) == 0
	}
	if x, ok := asStr(a); ok {
		y, ok := asStr(b)
		return ok && x == y
	}
	seq := func(x, y []any) bool {
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case *List:
		y, ok := b.(*List)
		return ok && (x == y || seq(x.Items, y.Items))
	case *Tuple:
		y, ok := b.(*Tuple)
		return ok && seq(x.Items, y.Items)
	case *Dict:
		y, ok := b.(*Dict)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for i, k := range x.keys {
			v, ok := y.Get(k)
			if !ok || !equal(x.vals[i], v) {
				return false
			}
		}
		return true
	case *Range:
		y, ok := b.(*Range)
		return ok && *x == *y
	case *Undefined:
		y, ok := b.(*Undefined)
		if x.kind == Strict {
			panic(x.err())
		}
		return ok && x.kind == y.kind
	}
	if u, ok := b.(*Undefined); ok && u.kind == Strict {
		panic(u.err())
	}
	return a == b
}

// less orders two values as Python does; op is only used in the message.
func compare(a, b any, op string) int {
	if u, ok := a.(*Undefined); ok {
		panic(u.err())
	}
	if u, ok := b.(*Undefined); ok {
		panic(u.err())
	}
	if isNum(a) && isNum(b) {
		_, fa := a.(float64)
		_, fb := b.(float64)
		if fa || fb {
			x, _ := toFloat(a)
			y, _ := toFloat(b)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
		x, _ := toBig(a)
		y, _ := toBig(b)
		return x.Cmp(y)
	}
	if x, ok := asStr(a); ok {
		if y, ok := asStr(b); ok {
			return strings.Compare(x, y) // UTF-8 order is code point order
		}
	}
	var x, y []any
	switch s := a.(type) {
	case *List:
		if t, ok := b.(*List); ok {
			x, y = s.Items, t.Items
			goto seq
		}
	case *Tuple:
		if t, ok := b.(*Tuple); ok {
			x, y = s.Items, t.Items
			goto seq
		}
	}
	panic(typeErr("'%s' not supported between instances of '%s' and '%s'", op, typeName(a), typeName(b)))
seq:
	for i := range min(len(x), len(y)) {
		if !equal(x[i], y[i]) {
			return compare(x[i], y[i], op)
		}
	}
	return len(x) - len(y)
}

func runeLen(s string) int { return utf8.RuneCountInString(s) }

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func escape(v any) Markup {
	if m, ok := v.(Markup); ok {
		return m
	}
	return Markup(escapeHTML(str(v)))
}
