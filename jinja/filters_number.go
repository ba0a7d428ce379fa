package jinja

import (
	"math"
	"math/big"
	"strconv"
)

func numberFilters() []entry {
	return []entry{
		{"abs", "", filterAbs},
		{"int", "default? base?", filterInt},
		{"float", "default?", filterFloat},
		{"round", "precision? method?", filterRound},
		{"filesizeformat", "binary?", filterFileSize},
		{"sum", "attribute? start?", filterSum},
		{"max", "case_sensitive? attribute?", func(c *call) any { return c.extreme(">") }},
		{"min", "case_sensitive? attribute?", func(c *call) any { return c.extreme("<") }},
	}
}

func filterAbs(c *call) any {
	if f, ok := c.self.(float64); ok {
		return math.Abs(f)
	}
	z, ok := toBig(c.self)
	if !ok {
		panic(typeErr("bad operand type for abs(): '%s'", typeName(c.self)))
	}
	return normInt(new(big.Int).Abs(z))
}

// floatOf is Python's float(); ok is false where that raises TypeError or ValueError.
func floatOf(v any) (f float64, ok bool) {
	needDefined(v)
	if s, isStr := asStr(v); isStr {
		return parseFloat(s)
	}
	return toFloat(v)
}

func filterFloat(c *call) any {
	if f, ok := floatOf(c.self); ok {
		return f
	}
	return c.arg(0, 0.0)
}

func filterInt(c *call) any {
	if s, ok := asStr(c.self); ok {
		if base, ok := toInt(c.arg(1, int64(10))); ok {
			if z, ok := parseInt(s, base); ok {
				return z
			}
		}
	} else if z, ok := toBig(c.self); ok {
		return normInt(z)
	}
	f, ok := floatOf(c.self)
	_, isStr := asStr(c.self)
	if !ok || math.IsNaN(f) || isStr && math.IsInf(f, 0) {
		return c.arg(0, int64(0))
	}
	return truncate(f)
}

func filterRound(c *call) any {
	switch method, _ := asStr(c.arg(1, "common")); method {
	case "common":
		r := roundCommon(c.self, c.optInt(0, 0))
		if f, ok := r.(float64); ok && c.a[0] == nil {
			return truncate(f)
		}
		return r
	case "ceil":
		return c.roundBy(math.Ceil)
	case "floor":
		return c.roundBy(math.Floor)
	}
	panic(fail("FilterArgumentError", "method must be common, ceil or floor"))
}

func (c *call) roundBy(round func(float64) float64) any {
	unit := c.st.binary("**", int64(10), c.arg(0, int64(0)))
	f, ok := toFloat(c.st.binary("*", c.self, unit))
	if !ok {
		panic(typeErr("must be real number, not %s", typeName(c.self)))
	}
	return c.st.binary("/", truncate(round(f)), unit)
}

func roundCommon(v any, precision int64) any {
	f, ok := v.(float64)
	if !ok {
		z, ok := toBig(v)
		if !ok {
			panic(typeErr("type %s doesn't define __round__ method", typeName(v)))
		}
		if precision >= 0 {
			return normInt(z)
		}
		if -precision > maxIntDigits {
			return int64(0)
		}
		return normInt(roundBig(new(big.Rat).SetInt(z), -precision))
	}
	if precision > 400 || math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	if precision >= 0 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(precision), 64), 64)
		return r
	}
	if precision < -400 {
		return math.Copysign(0, f)
	}
	r, _ := new(big.Float).SetInt(roundBig(new(big.Rat).SetFloat64(f), -precision)).Float64()
	return math.Copysign(r, f)
}

// roundBig rounds to a multiple of a power of ten, halves to even.
func roundBig(r *big.Rat, digits int64) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
	r = new(big.Rat).Quo(r, new(big.Rat).SetInt(unit))
	q, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	rest.Abs(rest).Lsh(rest, 1)
	if c := rest.Cmp(r.Denom()); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(int64(r.Sign())))
	}
	return q.Mul(q, unit)
}

func filterFileSize(c *call) any {
	size, ok := floatOf(c.self)
	if !ok {
		if s, isStr := asStr(c.self); isStr {
			panic(valueErr("could not convert string to float: %s", quote(s)))
		}
		panic(typeErr("float() argument must be a string or a real number, not '%s'", typeName(c.self)))
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if c.bool(0, false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	if size == 1 {
		return "1 Byte"
	}
	if size < base {
		return c.st.str(truncate(size)) + " Bytes"
	}
	unit, step, name := big.NewInt(int64(base)), big.NewInt(int64(base)), ""
	for _, name = range units {
		if unit.Mul(unit, step); compareFloatInt(size, unit) < 0 {
			break
		}
	}
	divisor, _ := toFloat(unit)
	return formatFloat(base*size/divisor, 'f', 1, false) + " " + name
}

func filterSum(c *call) any {
	st := c.st
	get := st.getter(c.arg(0, nil), nil)
	sum := c.arg(1, int64(0))
	if _, ok := asStr(sum); ok {
		panic(typeErr("sum() can't sum strings [use ''.join(seq) instead]"))
	}
	for _, x := range st.iter(c.self) {
		st.step()
		sum = st.binary("+", sum, get(x))
	}
	return sum
}

// extreme is Python's max or min: the first of those that none other exceeds.
func (c *call) extreme(op string) any {
	st := c.st
	items := st.iter(c.self)
	if len(items) == 0 {
		return st.undefinedHint("max", "No aggregated item, sequence was empty.")
	}
	key := st.keyOf(st.getter(c.arg(1, nil), nil), c.bool(0, false))
	best, bestKey := items[0], key(items[0])
	for _, x := range items[1:] {
		if k := key(x); st.compareOp(op, k, bestKey) {
			best, bestKey = x, k
		}
	}
	return best
}
