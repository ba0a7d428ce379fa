package jinja

import (
	"math"
	"math/big"
	"strings"
)

// binary evaluates an arithmetic operator.
func (st *state) binary(op string, l, r any) any {
	if a, ok := l.(int64); ok {
		if b, ok := r.(int64); ok {
			if v, ok := smallOp(op, a, b); ok {
				return v
			}
		}
	}
	st.weigh(l, r)
	return st.made(st.compute(op, l, r))
}

func (st *state) compute(op string, l, r any) any {
	needDefined(l)
	if u, ok := r.(*Undefined); ok && op == "+" && isMarkup(l) && u.policy == Chainable {
		return l // it has an HTML form, which is empty
	}
	if _, isStr := asStr(l); !isStr || op != "%" {
		needDefined(r)
	}
	if isNumber(l) && isNumber(r) {
		switch {
		case isFloat(l) || isFloat(r):
			return floatOp(op, l, r)
		case op == "/":
			return divideInts(l, r)
		}
		return intOp(op, l, r)
	}
	var v any
	switch op {
	case "+":
		v = st.concat(l, r)
	case "*":
		v = st.repeatEither(l, r)
	case "%":
		if s, ok := asStr(l); ok {
			_, markup := l.(Markup)
			v = st.mark(st.percent(s, r, markup), markup)
		}
	}
	if v == nil {
		panic(operandErr(op, l, r))
	}
	return v
}

func operandErr(op string, l, r any) *Error {
	if op == "+" {
		if _, ok := asStr(l); ok {
			return typeErr(`can only concatenate str (not "%s") to str`, typeName(r))
		}
		switch l.(type) {
		case *List, *Tuple:
			return typeErr(`can only concatenate %s (not "%s") to %s`, typeName(l), typeName(r), typeName(l))
		}
	}
	if op == "**" {
		op = "** or pow()"
	}
	return typeErr("unsupported operand type(s) for %s: '%s' and '%s'", op, typeName(l), typeName(r))
}

// concat is + of strings, lists or tuples; nil when they are none.
func (st *state) concat(l, r any) any {
	if a, ok := asStr(l); ok {
		b, ok := asStr(r)
		if !ok {
			return nil
		}
		_, ml := l.(Markup)
		_, mr := r.(Markup)
		if ml || mr {
			a, b = st.escape(l), st.escape(r)
		}
		st.use(int64(len(a) + len(b)))
		return st.mark(a+b, ml || mr)
	}
	switch a := l.(type) {
	case *List:
		if b, ok := r.(*List); ok {
			st.useItems(len(a.Items) + len(b.Items))
			return &List{Items: append(append([]any(nil), a.Items...), b.Items...)}
		}
	case *Tuple:
		if b, ok := r.(*Tuple); ok {
			st.useItems(len(a.Items) + len(b.Items))
			return &Tuple{Items: append(append([]any(nil), a.Items...), b.Items...)}
		}
	}
	return nil
}

func (st *state) repeatEither(l, r any) any {
	if n, ok := intFactor(r); ok {
		if v := st.repeat(l, n); v != nil {
			return v
		}
	}
	if n, ok := intFactor(l); ok {
		return st.repeat(r, n)
	}
	return nil
}

func intFactor(v any) (int64, bool) {
	if z, ok := v.(*big.Int); ok {
		return sizeOf(z), true
	}
	return toInt(v)
}

// repeat is a sequence times an integer; nil when v is no sequence.
func (st *state) repeat(v any, n int64) any {
	n = max(n, 0)
	switch t := v.(type) {
	case string:
		st.useTimes(len(t), n)
		return strings.Repeat(t, int(n))
	case Markup:
		st.useTimes(len(t), n)
		return Markup(strings.Repeat(string(t), int(n)))
	case *List:
		return &List{Items: st.repeatItems(t.Items, n)}
	case *Tuple:
		return &Tuple{Items: st.repeatItems(t.Items, n)}
	}
	return nil
}

func (st *state) repeatItems(items []any, n int64) []any {
	if len(items) == 0 {
		return nil
	}
	st.useTimes(len(items)*itemSize, n)
	out := make([]any, 0, len(items)*int(n))
	for range n {
		out = append(out, items...)
	}
	return out
}

func floatOp(op string, l, r any) any {
	a, _ := toFloat(l)
	b, _ := toFloat(r)
	zero := func(msg string) {
		if b == 0 {
			panic(fail("ZeroDivisionError", "%s", msg))
		}
	}
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		zero("float division by zero")
		return a / b
	case "//":
		zero("float floor division by zero")
		return floorDivide(a, b)
	case "%":
		zero("float modulo")
		return floatMod(a, b)
	}
	return floatPower(a, b)
}

// divideInts is true division of integers, rounded once.
func divideInts(l, r any) float64 {
	x, _ := toBig(l)
	y, _ := toBig(r)
	if y.Sign() == 0 {
		panic(fail("ZeroDivisionError", "division by zero"))
	}
	if x.Sign() == 0 {
		return math.Copysign(0, float64(y.Sign()))
	}
	f, _ := new(big.Rat).SetFrac(x, y).Float64()
	if math.IsInf(f, 0) {
		panic(fail("OverflowError", "integer division result too large for a float"))
	}
	return f
}

// floorDivide is // of floats, with Python's care for rounding and for the sign of zero.
func floorDivide(a, b float64) float64 {
	mod := math.Mod(a, b)
	div := (a - mod) / b
	if mod != 0 && (b < 0) != (mod < 0) {
		div--
	}
	if div == 0 {
		return math.Copysign(0, a/b)
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor
}

func floatMod(a, b float64) float64 {
	m := math.Mod(a, b)
	if m == 0 {
		return math.Copysign(0, b)
	}
	if (m < 0) != (b < 0) {
		m += b
	}
	return m
}

func floatPower(a, b float64) any {
	if a == 0 && b < 0 {
		panic(fail("ZeroDivisionError", "0.0 cannot be raised to a negative power"))
	}
	if a < 0 && b != math.Trunc(b) && !math.IsInf(a, 0) {
		panic(fail(KindType, "complex numbers are not supported"))
	}
	p := math.Pow(a, b)
	if math.IsInf(p, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		panic(fail("OverflowError", "(34, 'Numerical result out of range')"))
	}
	return p
}

func intOp(op string, l, r any) any {
	a, okA := toInt(l)
	b, okB := toInt(r)
	if okA && okB {
		if v, ok := smallOp(op, a, b); ok {
			return v
		}
	}
	x, _ := toBig(l)
	y, _ := toBig(r)
	z := new(big.Int)
	switch op {
	case "+":
		return normInt(z.Add(x, y))
	case "-":
		return normInt(z.Sub(x, y))
	case "*":
		return normInt(z.Mul(x, y))
	case "**":
		return bigPower(x, y, l, r)
	}
	if y.Sign() == 0 {
		panic(fail("ZeroDivisionError", "integer division or modulo by zero"))
	}
	m := new(big.Int)
	z.DivMod(x, y, m)
	if m.Sign() != 0 && y.Sign() < 0 { // from Euclid's division to floored division
		z.Add(z, big.NewInt(-1))
		m.Add(m, y)
	}
	if op == "%" {
		return normInt(m)
	}
	return normInt(z)
}

// smallOp computes in 64 bits; ok is false when that might overflow.
func smallOp(op string, a, b int64) (v int64, ok bool) {
	const half = 1 << 31
	switch op {
	case "+":
		c := a + b
		return c, (c > a) == (b > 0)
	case "-":
		c := a - b
		return c, (c < a) == (b > 0)
	case "*":
		return a * b, a > -half && a < half && b > -half && b < half
	case "//", "%":
		if b == 0 || b == -1 {
			return 0, false
		}
		q, m := a/b, a%b
		if m != 0 && (m < 0) != (b < 0) {
			q--
			m += b
		}
		if op == "%" {
			return m, true
		}
		return q, true
	}
	return 0, false
}

func bigPower(x, y *big.Int, l, r any) any {
	if y.Sign() < 0 {
		if x.Sign() == 0 {
			panic(fail("ZeroDivisionError", "0.0 cannot be raised to a negative power"))
		}
		a, _ := toFloat(l)
		b, _ := toFloat(r)
		return floatPower(a, b)
	}
	if x.CmpAbs(big.NewInt(1)) > 0 && (!y.IsInt64() || float64(x.BitLen()-1)*float64(y.Int64()) > maxIntBits) {
		panic(limitErr("an integer has more than %d bits", maxIntBits))
	}
	if !y.IsInt64() {
		y = new(big.Int).And(y, big.NewInt(1)) // of 0, 1 and -1
		if x.Sign() == 0 {
			return int64(0)
		}
	}
	return normInt(new(big.Int).Exp(x, y, nil))
}

// unary evaluates a sign.
func (st *state) unary(op string, v any) any {
	needDefined(v)
	if i, ok := v.(int64); ok && i != math.MinInt64 {
		if op == "-" {
			return -i
		}
		return v
	}
	if f, ok := v.(float64); ok {
		if op == "-" {
			return -f
		}
		return f
	}
	z, ok := toBig(v)
	if !ok {
		panic(typeErr("bad operand type for unary %s: '%s'", op, typeName(v)))
	}
	if op == "-" {
		z = new(big.Int).Neg(z)
	}
	return st.made(normInt(z))
}
