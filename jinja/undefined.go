package jinja

import "fmt"

// Undefined is a missing value. Callbacks may be given one; they cannot make one.
type Undefined struct {
	name   string
	quoted string // the name as Python would write it, when that is not a plain string
	key    any    // what was looked up in obj, when it is not a string
	obj    any
	hasObj bool
	hint   string
	cond   *eCond // the inline if without else that gave it
	tpl    string // where that stands
	unsafe bool   // it is there in Python, and out of reach
	policy UndefinedPolicy
	source expr // how the template wrote it
}

func (u *Undefined) className() string {
	switch u.policy {
	case Strict:
		return "StrictUndefined"
	case Chainable:
		return "ChainableUndefined"
	case Debug:
		return "DebugUndefined"
	}
	return "Undefined"
}

func (u *Undefined) message() string {
	switch {
	case u.hint != "":
		return u.hint
	case u.cond != nil:
		return fmt.Sprintf("the inline if-expression on line %d in %s evaluated to false and no else section was defined.", u.cond.line, quote(u.tpl))
	case !u.hasObj:
		return quote(u.name) + " is undefined"
	case u.key != nil:
		return fmt.Sprintf("%s has no element %s", objectName(u.obj), u.name)
	}
	return fmt.Sprintf("%s has no attribute %s", quote(objectName(u.obj)), u.quotedName())
}

func (u *Undefined) quotedName() string {
	if u.quoted != "" {
		return u.quoted
	}
	return quote(u.name)
}

func (u *Undefined) err() *Error {
	if u.unsafe {
		return fail(KindSecurity, "%s", u.message())
	}
	return fail(KindUndefined, "%s", u.message())
}

// path is the value's name as the template wrote it, as far as that is a path.
func (u *Undefined) path() string {
	if s := exprPath(u.source); s != "" {
		return s
	}
	return u.name
}

// startOf is where a path of names and keys begins.
func startOf(x expr) at {
	for {
		switch t := x.(type) {
		case *eAttr:
			x = t.x
		case *eItem:
			x = t.x
		case nil:
			return at{}
		default:
			return x.pos()
		}
	}
}

func exprPath(x expr) string {
	switch x := x.(type) {
	case *eName:
		return x.name
	case *eAttr:
		if s := exprPath(x.x); s != "" {
			return s + "." + x.name
		}
	case *eItem:
		k, ok := x.key.(*eConst)
		if s := exprPath(x.x); ok && s != "" {
			if _, isInt := k.v.(int64); isInt {
				return fmt.Sprintf("%s[%d]", s, k.v)
			}
			return fmt.Sprintf("%s.%v", s, k.v)
		}
	}
	return ""
}

// undefined is a name that has no value.
func (st *state) undefined(name string) *Undefined {
	st.use(itemSize)
	return &Undefined{name: name, policy: st.env.opt.Undefined}
}

// undefinedHint is a missing value with a message of its own.
func (st *state) undefinedHint(name, format string, a ...any) *Undefined {
	return &Undefined{name: name, hint: fmt.Sprintf(format, a...), policy: st.env.opt.Undefined}
}

// undefinedIn is a key or attribute that obj does not have.
func (st *state) undefinedIn(obj, key any) *Undefined {
	st.use(itemSize)
	u := &Undefined{obj: obj, hasObj: true, policy: st.env.opt.Undefined}
	if s, ok := asStr(key); ok {
		u.name = s
		if isMarkup(key) {
			u.quoted = st.repr(key)
		}
		if st.outOfReach(obj, s) {
			u.hint, u.unsafe = fmt.Sprintf("access to attribute %s of %s object is unsafe.", quote(s), quote(typeName(obj))), true
		}
	} else {
		u.key, u.name = key, st.repr(key)
		if key == nil {
			u.key = missing
		}
	}
	return u
}

// useUndefined fails under the strict policy and reports the use otherwise.
func (st *state) useUndefined(u *Undefined, use string) {
	if u.policy == Strict {
		panic(u.err())
	}
	st.report(u, use)
}

// needDefined fails when v is a missing value.
func needDefined(v any) {
	if u, ok := v.(*Undefined); ok {
		panic(u.err())
	}
}

// printed is what an undefined value prints as.
func (st *state) printed(u *Undefined) string {
	st.useUndefined(u, "print")
	if u.policy != Debug {
		return ""
	}
	switch {
	case u.hint != "" || u.cond != nil:
		return "{{ undefined value printed: " + u.message() + " }}"
	case !u.hasObj:
		return "{{ " + u.name + " }}"
	}
	name := u.name
	if u.key == nil {
		name = u.quotedName()
	}
	return "{{ no such element: " + objectName(u.obj) + "[" + name + "] }}"
}
