package jinja

func builtinFilters() map[string]*builtin {
	out := table("do_", textFilters(), markupFilters(), sequenceFilters(), selectFilters(), numberFilters(), dataFilters())
	out["d"] = out["default"]
	out["e"] = out["escape"]
	out["count"] = out["length"]
	return out
}

// attrError is what Python raises for a method that a value of that type does not have.
func attrError(v any, name string) *Error {
	needDefined(v)
	return fail("AttributeError", "'%s' object has no attribute '%s'", typeName(v), name)
}

// getter follows a path of attributes such as "user.login" or 0. With a default, that is taken for what is undefined.
func (st *state) getter(attr, def any) func(any) any {
	path := attrPath(attr)
	return func(v any) any {
		for _, p := range path {
			v = st.getItem(v, p)
			if def != nil && def != missing && isUndefined(v) {
				v = def
			}
		}
		return v
	}
}

func attrPath(attr any) []any {
	if attr == missing || attr == nil {
		return nil
	}
	s, ok := asStr(attr)
	if !ok {
		return []any{attr}
	}
	var path []any
	for _, p := range splitStr(s, ".") {
		if !allRunes(p, isDigit) {
			path = append(path, p)
		} else if n, ok := parseInt(p, 10); ok {
			path = append(path, n)
		} else {
			panic(valueErr("invalid literal for int() with base 10: %s", quote(p)))
		}
	}
	return path
}

// ignoreCase makes a key that is compared without regard to case.
func (st *state) ignoreCase(v any) any {
	if s, ok := asStr(v); ok {
		st.use(int64(len(s)))
		return lower(s)
	}
	return v
}

func (st *state) keyOf(get func(any) any, caseSensitive bool) func(any) any {
	if caseSensitive {
		return get
	}
	return func(v any) any { return st.ignoreCase(get(v)) }
}

// multiGetter gives a list of the attributes that a comma separated list names.
func (st *state) multiGetter(attr any, caseSensitive bool) func(any) any {
	parts := []any{attr}
	if s, ok := asStr(attr); ok {
		parts = nil
		for _, p := range splitStr(s, ",") {
			parts = append(parts, p)
		}
	}
	var gets []func(any) any
	for _, p := range parts {
		gets = append(gets, st.keyOf(st.getter(p, nil), caseSensitive))
	}
	return func(v any) any {
		l := &List{}
		for _, g := range gets {
			l.Items = append(l.Items, g(v))
		}
		return l
	}
}
