package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// maxFormatWidth bounds widths and precisions of format strings.
const maxFormatWidth = 1 << 20

// percentFormat is the state of "format % values".
type percentFormat struct {
	st      *state
	f       string
	pos     int
	items   []any
	used    int
	mapping *Dict
	escape  bool // the format is Markup
	b       strings.Builder
}

// directive is one "%..." of a format.
type directive struct {
	minus, plus, space, zero, alt bool
	width, precision              int
	verb                          byte
	arg                           any
}

// percent is Python's str % v. With escape the format is Markup, and what is inserted is escaped.
func (st *state) percent(format string, v any, escape bool) string {
	p := &percentFormat{st: st, f: format, escape: escape}
	switch t := v.(type) {
	case *Tuple:
		p.items = t.Items
	case *Dict:
		p.mapping, p.items = t, []any{t}
	default:
		p.items = []any{v}
	}
	for p.pos < len(format) {
		n := strings.IndexByte(format[p.pos:], '%')
		if n < 0 {
			n = len(format) - p.pos
		}
		p.put(format[p.pos : p.pos+n])
		p.pos += n
		if p.pos < len(format) {
			p.directive()
		}
	}
	if p.used < len(p.items) && !isMappingLike(v) {
		panic(typeErr("not all arguments converted during string formatting"))
	}
	return p.b.String()
}

// isMappingLike reports whether Python takes v for a mapping, of which nothing needs to be used.
func isMappingLike(v any) bool {
	switch v.(type) {
	case *Dict, *List, *rangeValue, *Undefined:
		return true
	}
	return false
}

func (p *percentFormat) put(s string) {
	p.st.use(int64(len(s)))
	p.b.WriteString(s)
}

func (p *percentFormat) next() any {
	if p.used >= len(p.items) {
		panic(typeErr("not enough arguments for format string"))
	}
	p.used++
	return p.items[p.used-1]
}

// peek is the current byte of the format.
func (p *percentFormat) peek() byte {
	if p.pos >= len(p.f) {
		panic(valueErr("incomplete format"))
	}
	return p.f[p.pos]
}

func (p *percentFormat) directive() {
	p.pos++
	if p.peek() == '%' {
		p.pos++
		p.put("%")
		return
	}
	d := directive{width: -1, precision: -1, arg: missing}
	if p.peek() == '(' {
		d.arg = p.key()
	}
	p.flags(&d)
	if d.width = p.number(); d.width < -1 || d.width < 0 && p.f[p.pos-1] == '*' {
		d.minus, d.width = true, -d.width
	}
	if p.peek() == '.' {
		p.pos++
		d.precision = max(p.number(), 0)
	}
	for p.peek() == 'l' || p.peek() == 'h' || p.peek() == 'L' {
		p.pos++
	}
	d.verb = p.peek()
	p.pos++
	if d.arg == missing {
		d.arg = p.next()
	}
	p.convert(d)
}

func (p *percentFormat) key() any {
	depth, i := 0, p.pos
	for ; i < len(p.f); i++ {
		if p.f[i] == '(' {
			depth++
		}
		if p.f[i] == ')' {
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if p.mapping == nil {
		panic(typeErr("format requires a mapping"))
	}
	if i >= len(p.f) {
		panic(valueErr("incomplete format key"))
	}
	key := p.f[p.pos+1 : i]
	p.pos = i + 1
	v, ok := p.mapping.Get(key)
	if !ok {
		panic(fail("KeyError", "%s", quote(key)))
	}
	p.used = len(p.items)
	return v
}

func (p *percentFormat) flags(d *directive) {
	for ; ; p.pos++ {
		switch p.peek() {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '0':
			d.zero = true
		case '#':
			d.alt = true
		default:
			return
		}
	}
}

// number reads a width or precision; "*" takes it from the values.
func (p *percentFormat) number() int {
	if p.peek() == '*' {
		p.pos++
		i, ok := toInt(p.next())
		if !ok {
			panic(typeErr("* wants int"))
		}
		return checkWidth(i)
	}
	start := p.pos
	for p.pos < len(p.f) && p.f[p.pos] >= '0' && p.f[p.pos] <= '9' {
		p.pos++
	}
	return parseWidth(p.f[start:p.pos])
}

func parseWidth(digits string) int {
	if digits == "" {
		return -1
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	return checkWidth(n)
}

func checkWidth(n int64) int {
	if n > maxFormatWidth || n < -maxFormatWidth {
		panic(limitErr("a format has a width of more than %d", maxFormatWidth))
	}
	return int(n)
}

func (p *percentFormat) convert(d directive) {
	switch d.verb {
	case 's', 'r', 'a':
		p.text(d, p.textOf(d))
	case 'c':
		p.text(d, p.charOf(d.arg))
	case 'd', 'i', 'u', 'x', 'X', 'o':
		p.integer(d)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		p.float(d)
	default:
		r := []rune(p.f[p.pos-1:])[0]
		panic(valueErr("unsupported format character '%c' (0x%x) at index %d", r, r, runeLen(p.f[:p.pos-1])))
	}
}

func (p *percentFormat) textOf(d directive) string {
	s := ""
	switch {
	case d.verb == 's' && p.escape:
		s = p.st.escape(d.arg)
	case d.verb == 's':
		s = p.st.str(d.arg)
	default:
		s = p.st.repr(d.arg)
		if p.escape {
			s = p.st.escapeStr(s)
		}
	}
	if d.verb == 'a' {
		s = ascii(s)
	}
	if d.precision >= 0 {
		s = s[:byteOffset(s, d.precision)]
	}
	return s
}

func (p *percentFormat) charOf(v any) string {
	if s, ok := asStr(v); ok && runeLen(s) == 1 {
		return s
	}
	z, ok := toBig(v)
	if !ok {
		panic(typeErr("%%c requires int or char"))
	}
	n := mustInt(normInt(z))
	if n < 0 || n > unicode.MaxRune {
		panic(fail("OverflowError", "%%c arg not in range(0x110000)"))
	}
	return string(rune(n))
}

// text writes s into its width.
func (p *percentFormat) text(d directive, s string) {
	n := max(d.width-runeLen(s), 0)
	p.st.use(int64(n))
	if d.minus {
		p.put(s + strings.Repeat(" ", n))
		return
	}
	p.put(strings.Repeat(" ", n) + s)
}

func (d *directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// numeric writes a number into its width, after its sign and prefix.
func (p *percentFormat) numeric(d directive, prefix, s string) {
	n := max(d.width-len(prefix)-len(s), 0)
	p.st.use(int64(n))
	if d.zero && !d.minus {
		p.put(prefix + strings.Repeat("0", n) + s)
		return
	}
	p.text(d, prefix+s)
}

func (p *percentFormat) integer(d directive) {
	v := d.arg
	decimal := d.verb == 'd' || d.verb == 'i' || d.verb == 'u'
	if decimal {
		needDefined(v)
	}
	if f, ok := v.(float64); ok && decimal {
		v = truncate(f)
	}
	z, ok := toBig(v)
	if !ok {
		want := "an integer"
		if decimal {
			want = "a real number"
		}
		panic(typeErr("%%%c format: %s is required, not %s", d.verb, want, typeName(d.arg)))
	}
	s := new(big.Int).Abs(z).Text(map[byte]int{'x': 16, 'X': 16, 'o': 8, 'd': 10, 'i': 10, 'u': 10}[d.verb])
	if d.verb == 'X' {
		s = strings.ToUpper(s)
	}
	if n := d.precision - len(s); n > 0 {
		p.st.use(int64(n))
		s = strings.Repeat("0", n) + s
	}
	prefix := d.sign(z.Sign() < 0)
	if d.alt && !decimal {
		prefix += "0" + string(d.verb)
	}
	p.numeric(d, prefix, s)
}

func (p *percentFormat) float(d directive) {
	needDefined(d.arg)
	f, ok := toFloat(d.arg)
	if !ok {
		panic(typeErr("must be real number, not %s", typeName(d.arg)))
	}
	if d.precision < 0 {
		d.precision = 6
	}
	p.st.use(int64(d.precision))
	p.numeric(d, d.sign(math.Signbit(f) && !math.IsNaN(f)), formatFloat(math.Abs(f), d.verb, d.precision, d.alt))
}

// formatFloat writes a float that is not negative as C's printf does.
func formatFloat(f float64, verb byte, precision int, alt bool) string {
	word := ""
	switch {
	case math.IsInf(f, 0):
		word = "inf"
	case math.IsNaN(f):
		word = "nan"
	}
	if word != "" {
		if verb < 'a' {
			return strings.ToUpper(word)
		}
		return word
	}
	switch verb {
	case 'f', 'F':
		return withPoint(strconv.FormatFloat(f, 'f', precision, 64), alt)
	case 'e', 'E':
		return withPoint(strconv.FormatFloat(f, verb, precision, 64), alt)
	}
	s := generalFloat(f, max(precision, 1), alt)
	if verb == 'G' {
		s = strings.ToUpper(s)
	}
	return s
}

// withPoint keeps the decimal point that "#" asks for.
func withPoint(s string, alt bool) string {
	if !alt || strings.Contains(s, ".") {
		return s
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i] + "." + s[i:]
	}
	return s + "."
}

// generalFloat is the format g: so many significant digits, with an exponent where it is large or small.
func generalFloat(f float64, precision int, alt bool) string {
	e := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(e, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -4 || exp >= precision {
		return dropZeros(mantissa, alt) + "e" + exponent
	}
	return dropZeros(strconv.FormatFloat(f, 'f', precision-1-exp, 64), alt)
}

func dropZeros(s string, alt bool) string {
	if alt {
		return withPoint(s, true)
	}
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
