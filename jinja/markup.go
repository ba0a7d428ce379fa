package jinja

import "strings"

var htmlEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func isMarkup(v any) bool { _, ok := v.(Markup); return ok }

// escapeStr escapes text for HTML.
func (st *state) escapeStr(s string) string {
	more := 0
	for i := range len(s) {
		switch s[i] {
		case '<', '>':
			more += len("&lt;") - 1
		case '&', '\'', '"':
			more += len("&#39;") - 1
		}
	}
	if more == 0 {
		return s
	}
	st.use(int64(len(s) + more))
	return htmlEscaper.Replace(s)
}

// escape is markupsafe.escape: Markup stays as it is.
func (st *state) escape(v any) string {
	switch t := v.(type) {
	case Markup:
		return string(t)
	case *module:
		return t.out
	case *Undefined:
		if t.policy == Chainable {
			return st.str(t)
		}
	}
	return st.escapeStr(st.str(v))
}

// soft is a value as a string that stays Markup if it is.
func (st *state) soft(v any) (s string, markup bool) {
	if m, ok := v.(Markup); ok {
		return string(m), true
	}
	return st.str(v), false
}
