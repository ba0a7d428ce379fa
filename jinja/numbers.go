package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// maxIntBits bounds integers; Python has no bound but the memory.
const maxIntBits = 1 << 16

// normInt gives an int64 where the integer fits.
func normInt(z *big.Int) any {
	if z.IsInt64() {
		return z.Int64()
	}
	if z.BitLen() > maxIntBits {
		panic(limitErr("an integer has more than %d bits", maxIntBits))
	}
	return z
}

func toBig(v any) (*big.Int, bool) {
	if z, ok := v.(*big.Int); ok {
		return z, true
	}
	i, ok := toInt(v)
	return big.NewInt(i), ok
}

// toInt is an integer or bool that fits in an int64.
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
		if math.IsInf(f, 0) {
			panic(fail("OverflowError", "int too large to convert to float"))
		}
		return f, true
	}
	i, ok := toInt(v)
	return float64(i), ok
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, bool, float64, *big.Int:
		return true
	}
	return false
}

func isFloat(v any) bool { _, ok := v.(float64); return ok }

// mustInt is an integer, or a bool, as Python's index positions take it.
func mustInt(v any) int64 {
	if z, ok := v.(*big.Int); ok {
		if z.Sign() < 0 {
			return math.MinInt64
		}
		return math.MaxInt64
	}
	i, ok := toInt(v)
	if !ok {
		panic(typeErr("'%s' object cannot be interpreted as an integer", typeName(v)))
	}
	return i
}

// sizeOf is mustInt where Python does not take what is too large for a size.
func sizeOf(v any) int64 {
	if z, ok := v.(*big.Int); ok && !z.IsInt64() {
		panic(fail("OverflowError", "Python int too large to convert to C ssize_t"))
	}
	return mustInt(v)
}

// truncate turns a float into an integer.
func truncate(f float64) any {
	if math.IsNaN(f) {
		panic(valueErr("cannot convert float NaN to integer"))
	}
	if math.IsInf(f, 0) {
		panic(fail("OverflowError", "cannot convert float infinity to integer"))
	}
	z, _ := big.NewFloat(math.Trunc(f)).Int(nil)
	return normInt(z)
}

// parseFloat is Python's float() of a string.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimFunc(s, isSpace)
	digits, ok := dropUnderscores(s)
	if !ok || strings.ContainsAny(digits, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	return f, err == nil || math.IsInf(f, 0)
}

// asciiDigits replaces the decimal digits of other scripts.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		for _, t := range unicode.Nd.R16 {
			if r >= rune(t.Lo) && r <= rune(t.Hi) {
				return '0' + (r-rune(t.Lo))%10
			}
		}
		return r
	}, s)
}

// dropUnderscores removes the underscores between digits; ok is false when one stands elsewhere.
func dropUnderscores(s string) (string, bool) {
	s = asciiDigits(s)
	if !strings.Contains(s, "_") {
		return s, true
	}
	alnum := func(i int) bool {
		return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
	}
	for i := range len(s) {
		if s[i] == '_' && (!alnum(i-1) || !alnum(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// maxIntDigits is how many digits Python's int() takes.
const maxIntDigits = 4300

// parseInt is Python's int() of a string.
func parseInt(s string, base int64) (any, bool) {
	s = strings.TrimFunc(s, isSpace)
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	prefixed := false
	for prefix, b := range map[string]int64{"0x": 16, "0o": 8, "0b": 2} {
		if len(s) > 2 && strings.EqualFold(s[:2], prefix) && (base == b || base == 0) {
			s, base, prefixed = s[2:], b, true
			s = strings.TrimPrefix(s, "_")
			break
		}
	}
	digits, ok := dropUnderscores(s)
	if base == 0 {
		base = 10
		if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0") != "" && !prefixed {
			return nil, false
		}
	}
	if !ok || digits == "" || strings.ContainsAny(digits, "+-") || base < 2 || base > 36 || len(digits) > maxIntDigits {
		return nil, false
	}
	z, ok := new(big.Int).SetString(digits, int(base))
	if !ok {
		return nil, false
	}
	if negative {
		z.Neg(z)
	}
	return normInt(z), true
}
