package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// formatSpec is a parsed format specification: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
type formatSpec struct {
	fill           string
	align          byte // 0 when not given
	sign           byte
	noNegativeZero bool
	alt            bool
	width          int
	group          string
	precision      int
	verb           byte
}

// formatSpec is Python's format(v, spec).
func (st *state) formatSpec(v any, spec string) string {
	if u, ok := v.(*Undefined); ok {
		if spec != "" {
			panic(typeErr("unsupported format string passed to %s.__format__", u.className()))
		}
		return st.str(u)
	}
	if spec == "" {
		return st.str(v)
	}
	switch v.(type) {
	case string, Markup, int64, *big.Int, bool, float64:
	default:
		panic(typeErr("unsupported format string passed to %s.__format__", typeName(v)))
	}
	f := parseSpec(v, spec)
	st.use(int64(max(f.width, 0)) + int64(max(f.precision, 0)))
	switch t := v.(type) {
	case string:
		return f.text(v, t)
	case Markup:
		return f.text(v, string(t))
	case float64:
		return f.float(v, t)
	}
	if strings.IndexByte("eEfFgG%", f.verb) >= 0 && f.verb != 0 {
		x, _ := toFloat(v)
		return f.float(v, x)
	}
	return f.integer(v)
}

func parseSpec(v any, spec string) *formatSpec {
	f := &formatSpec{fill: " "}
	rest := spec
	_, n := utf8.DecodeRuneInString(rest)
	filled := false
	switch {
	case len(rest) > n && strings.IndexByte("<>=^", rest[n]) >= 0:
		f.fill, f.align, rest, filled = rest[:n], rest[n], rest[n+1:], true
	case strings.IndexByte("<>=^", rest[0]) >= 0:
		f.align, rest = rest[0], rest[1:]
	}
	if rest != "" && strings.IndexByte("+- ", rest[0]) >= 0 {
		f.sign, rest = rest[0], rest[1:]
	}
	rest, f.noNegativeZero = strings.CutPrefix(rest, "z")
	rest, f.alt = strings.CutPrefix(rest, "#")
	if !filled && strings.HasPrefix(rest, "0") {
		f.fill, rest = "0", rest[1:]
		if _, isText := asStr(v); f.align == 0 && !isText {
			f.align = '='
		}
	}
	f.width, rest = specNumber(rest)
	if rest != "" && (rest[0] == ',' || rest[0] == '_') {
		f.group, rest = rest[:1], rest[1:]
	}
	f.precision = -1
	if p, ok := strings.CutPrefix(rest, "."); ok {
		if f.precision, rest = specNumber(p); f.precision < 0 {
			panic(valueErr("Format specifier missing precision"))
		}
	}
	if len(rest) > 1 {
		panic(valueErr("Invalid format specifier '%s' for object of type '%s'", spec, typeName(v)))
	}
	if rest != "" {
		f.verb = rest[0]
	}
	return f
}

func specNumber(s string) (int, string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return parseWidth(s[:n]), s[n:]
}

func (f *formatSpec) unknown(v any) *Error {
	return valueErr("Unknown format code '%c' for object of type '%s'", f.verb, typeName(v))
}

func (f *formatSpec) text(v any, s string) string {
	if f.verb != 0 && f.verb != 's' {
		panic(f.unknown(v))
	}
	if f.sign != 0 {
		panic(valueErr("Sign not allowed in string format specifier"))
	}
	f.noZero("string")
	if f.alt {
		panic(valueErr("Alternate form (#) not allowed in string format specifier"))
	}
	if f.align == '=' {
		panic(valueErr("'=' alignment not allowed in string format specifier"))
	}
	if f.group != "" {
		panic(valueErr("Cannot specify '%s' with 's'.", f.group))
	}
	if f.precision >= 0 {
		s = s[:byteOffset(s, f.precision)]
	}
	if f.align == 0 {
		f.align = '<'
	}
	return f.place("", s)
}

func (f *formatSpec) noZero(kind string) {
	if f.noNegativeZero {
		panic(valueErr("Negative zero coercion (z) not allowed in %s format specifier", kind))
	}
}

// place puts a text with its sign and prefix into the width.
func (f *formatSpec) place(prefix, s string) string {
	n := max(f.width-runeLen(prefix)-runeLen(s), 0)
	pad := func(n int) string { return strings.Repeat(f.fill, n) }
	switch f.align {
	case '<':
		return prefix + s + pad(n)
	case '^':
		return pad(n/2) + prefix + s + pad(n-n/2)
	case '=':
		return prefix + pad(n) + s
	}
	return pad(n) + prefix + s
}

func (f *formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case f.sign == '+' || f.sign == ' ':
		return string(f.sign)
	}
	return ""
}

func (f *formatSpec) integer(v any) string {
	z, _ := toBig(v)
	f.noZero("integer")
	if f.precision >= 0 {
		panic(valueErr("Precision not allowed in integer format specifier"))
	}
	base := 10
	switch f.verb {
	case 0, 'd', 'n':
	case 'x', 'X':
		base = 16
	case 'o':
		base = 8
	case 'b':
		base = 2
	case 'c':
		return f.char(z)
	default:
		panic(f.unknown(v))
	}
	s := new(big.Int).Abs(z).Text(base)
	if f.verb == 'X' {
		s = strings.ToUpper(s)
	}
	prefix := f.signOf(z.Sign() < 0)
	if f.alt && base != 10 {
		prefix += "0" + string(f.verb)
	}
	size := 3
	if base != 10 {
		size = 4
		if f.group == "," {
			panic(valueErr("Cannot specify ',' with '%c'.", f.verb))
		}
	}
	return f.number(prefix, s, "", size)
}

func (f *formatSpec) char(z *big.Int) string {
	if !z.IsInt64() || z.Int64() < 0 || z.Int64() > unicode.MaxRune {
		panic(fail("OverflowError", "%%c arg not in range(0x110000)"))
	}
	return f.place("", string(rune(z.Int64())))
}

// number groups the digits and places the number; rest is what follows its integer part.
func (f *formatSpec) number(prefix, digits, rest string, size int) string {
	if f.align == 0 {
		f.align = '>'
	}
	if f.group == "" {
		return f.place(prefix, digits+rest)
	}
	if f.fill == "0" && f.align == '=' {
		// The zeros are grouped too, and a group separator never comes first.
		room, n := f.width-len(prefix)-len(rest), len(digits)
		for n+(n-1)/size < room {
			n++
		}
		digits = strings.Repeat("0", n-len(digits)) + digits
	}
	return f.place(prefix, groupDigits(digits, f.group, size)+rest)
}

func groupDigits(s, sep string, size int) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && (len(s)-i)%size == 0 {
			b.WriteString(sep)
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (f *formatSpec) float(v any, x float64) string {
	prefix := f.signOf(math.Signbit(x) && !math.IsNaN(x))
	x = math.Abs(x)
	verb, precision, suffix := f.verb, f.precision, ""
	switch verb {
	case '%':
		verb, x, suffix = 'f', x*100, "%"
	case 'n':
		verb = 'g'
	case 0, 'e', 'E', 'f', 'F', 'g', 'G':
	default:
		panic(f.unknown(v))
	}
	if precision < 0 {
		precision = 6
	}
	s := ""
	switch {
	case verb == 0 && f.precision < 0:
		s = floatRepr(x)
	case verb == 0:
		s = shortFloat(x, precision)
	default:
		s = formatFloat(x, verb, precision, f.alt)
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	if f.noNegativeZero && prefix == "-" && strings.Trim(s, "0.") == "" {
		prefix = f.signOf(false)
	}
	return f.number(prefix, s[:end], s[end:]+suffix, 3)
}

// shortFloat is the format g that keeps a digit after the point.
func shortFloat(x float64, precision int) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return formatFloat(x, 'g', precision, false)
	}
	precision = max(precision, 1)
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', precision-1, 64), "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -4 || exp >= precision-1 {
		return dropZeros(mantissa, false) + "e" + exponent
	}
	s := dropZeros(strconv.FormatFloat(x, 'f', precision-1-exp, 64), false)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
