package jinja

import (
	"regexp"
	"slices"
	"strings"
)

const urlWord = `[\p{L}\p{N}_%-]`

var (
	reURL = regexp.MustCompile(`(?i)^((https?://|www\.)((` + urlWord + `+\.)+)?([a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})` +
		`|(` + urlWord + `{2,63}\.)+(com|net|int|edu|gov|org|info|mil)` +
		`|(https?://)((([\d]{1,3})(\.[\d]{1,3}){3})|(\[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}])))` +
		`(?::[\d]{1,5})?(?:[/?#]\S*)?\n?$`)
	reEmail     = regexp.MustCompile(`^\S+@[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[\p{L}\p{N}_]+\n?$`)
	reURLHead   = regexp.MustCompile(`^([(<]|&lt;)+`)
	reURLTail   = regexp.MustCompile(`([)>.,\n]|&gt;)+$`)
	reURLScheme = regexp.MustCompile(`^([\p{L}\p{N}_.+-]{2,}:(/){0,2})$`)
)

// linker makes links of the addresses in a text.
type linker struct {
	st      *state
	limit   any // of the text shown, in code points; nil for none
	attrs   string
	schemes []string
}

func filterURLize(c *call) any {
	st := c.st
	rel := map[string]bool{"noopener": true}
	for r := range strings.FieldsSeq(c.str(3, "")) {
		rel[r] = true
	}
	if c.bool(1, false) {
		rel["nofollow"] = true
	}
	l := linker{st: st, limit: c.arg(0, nil), attrs: ` rel="` + st.escapeStr(strings.Join(sortedKeys(rel), " ")) + `"`}
	if t := c.str(2, ""); t != "" {
		l.attrs += ` target="` + st.escapeStr(t) + `"`
	}
	if c.has(4) {
		for _, s := range st.iter(c.a[4]) {
			scheme := mustStr(s)
			if !reURLScheme.MatchString(scheme) {
				panic(fail("FilterArgumentError", "%s is not a valid URI scheme prefix.", quote(scheme)))
			}
			l.schemes = append(l.schemes, scheme)
		}
	}
	text := st.escape(c.self)
	st.useTimes(len(text), 4)
	var b strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, isSpace)
		if n < 0 {
			n = len(text)
		}
		st.stepN(1 + n/bytesPerStep)
		b.WriteString(l.word(text[:n]))
		m := countSpace(text[n:])
		b.WriteString(text[n : n+m])
		text = text[n+m:]
	}
	st.use(int64(b.Len()))
	return st.mark(b.String(), c.ctx.eval.autoescape)
}

func sortedKeys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// word links one word, without the punctuation around it.
func (l linker) word(w string) string {
	head := reURLHead.FindString(w)
	middle, tail := w[len(head):], ""
	if m := reURLTail.FindStringIndex(middle); m != nil {
		middle, tail = middle[:m[0]], middle[m[0]:]
	}
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		opened := strings.Count(middle, pair[0])
		if opened <= strings.Count(middle, pair[1]) {
			continue
		}
		end := 0
		for range min(opened, strings.Count(tail, pair[1])) {
			end += strings.Index(tail[end:], pair[1]) + len(pair[1])
		}
		middle, tail = w[len(head):len(head)+len(middle)+end], tail[end:]
	}
	return head + l.link(middle) + tail
}

func (l linker) link(s string) string {
	switch {
	case reURL.MatchString(s):
		href := s
		if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			href = "https://" + s
		}
		return `<a href="` + href + `"` + l.attrs + `>` + l.trim(s) + `</a>`
	case strings.HasPrefix(s, "mailto:") && reEmail.MatchString(s[len("mailto:"):]):
		return `<a href="` + s + `">` + s[len("mailto:"):] + `</a>`
	case strings.Contains(s, "@") && !strings.HasPrefix(s, "www.") && !strings.HasPrefix(s, "@") && !strings.Contains(s, ":") && reEmail.MatchString(s):
		return `<a href="mailto:` + s + `">` + s + `</a>`
	}
	for _, scheme := range l.schemes {
		if s != scheme && strings.HasPrefix(s, scheme) {
			s = `<a href="` + s + `"` + l.attrs + `>` + s + `</a>`
		}
	}
	return s
}

func (l linker) trim(s string) string {
	if l.limit == nil || !l.st.compareOp(">", int64(runeLen(s)), l.limit) {
		return s
	}
	return l.st.sliceStr(s, [3]any{nil, l.limit, nil}) + "..."
}
