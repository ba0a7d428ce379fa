package hls

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	window   = 8 // bytes of a secret in a row that give it away
	shortest = 4 // bytes of a secret that can be told from other text
)

// Redactor removes configured secrets from text, whole or in part, also as base64, hexadecimal digits and in URLs, and whatever
// else has the shape of a common secret. It is safe for concurrent use; nil removes nothing.
type Redactor struct {
	known atomic.Pointer[patterns]
}

// patterns is what a redactor looks for; it never changes once it is in place.
type patterns struct {
	windows map[string]bool
	pairs   [1 << 16]bool // two bytes in a row of a window, so that most places of a text need no look-up
	short   []string      // secrets of fewer than eight bytes
	added   int           // how often secrets were added
}

// stride is how far apart the pairs are that are looked at: a window has one of them, wherever it stands.
const stride = window - 1

// NewRedactor knows the given secrets; those of fewer than four bytes are passed over, for they stand everywhere.
func NewRedactor(secrets ...Secret) *Redactor {
	r := &Redactor{}
	r.Add(secrets...)
	return r
}

// Add makes more secrets known, as when the settings are read again. Those known before stay known.
func (r *Redactor) Add(secrets ...Secret) {
	next := &patterns{windows: map[string]bool{}}
	if old := r.known.Load(); old != nil {
		maps.Copy(next.windows, old.windows)
		next.pairs, next.short, next.added = old.pairs, slices.Clone(old.short), old.added
	}
	for _, s := range secrets {
		v := s.Reveal()
		if len(v) >= shortest && len(v) < window {
			next.short = append(next.short, v)
		}
		if len(v) < window {
			continue
		}
		for _, form := range forms(v) {
			next.add(form)
		}
	}
	next.added++
	r.known.Store(next)
}

// Generation is how often secrets were added: what became of a text holds for texts that are the same while this is.
func (r *Redactor) Generation() int {
	if r == nil || r.known.Load() == nil {
		return 0
	}
	return r.known.Load().added
}

// add makes a secret, or one of its forms, known.
func (p *patterns) add(v string) {
	for i := 0; i+window <= len(v); i++ {
		p.windows[v[i:i+window]] = true
	}
	for i := 0; len(v) >= window && i+2 <= len(v); i++ {
		p.pairs[pair(v, i)] = true
	}
}

// forms are a secret as it is and as programs write it: in hexadecimal digits, in URLs, and in base64, where it may stand at
// three places of a group. What its neighbors have a part in is left out.
func forms(v string) []string {
	digits := hex.EncodeToString([]byte(v))
	out := []string{v, digits, strings.ToUpper(digits)}
	for _, escaped := range []string{url.QueryEscape(v), url.PathEscape(v)} {
		if escaped != v {
			out = append(out, escaped)
		}
	}
	for shift, own := range [...]int{0, 2, 3} {
		bytes := append(make([]byte, shift), v...)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := encoding.EncodeToString(bytes)
			if len(bytes)%3 != 0 {
				text = text[:len(text)-1]
			}
			out = append(out, text[own:])
		}
	}
	return out
}

// Redact returns text with every run of eight or more bytes that stands in a secret replaced, and whatever has the shape of
// one.
func (r *Redactor) Redact(text string) string {
	text, _ = r.Mask(text)
	return text
}

// Mask is Redact, and tells what was taken out.
func (r *Redactor) Mask(text string) (string, Masked) {
	if r == nil || text == "" {
		return text, nil
	}
	text, n := r.redact(text)
	text, found := MaskShapes(text)
	if n > 0 {
		found.Add(Masked{Configured: n})
	}
	return text, found
}

// redact takes the configured secrets alone out of a text, and tells how many runs of them.
func (r *Redactor) redact(text string) (string, int) {
	if r == nil {
		return text, 0
	}
	if known := r.known.Load(); known != nil {
		return known.redact(text)
	}
	return text, 0
}

func (p *patterns) redact(text string) (_ string, n int) {
	for _, s := range p.short {
		n += strings.Count(text, s)
		text = strings.ReplaceAll(text, s, redacted)
	}
	if len(p.windows) == 0 || len(text) < window {
		return text, n
	}
	var out strings.Builder
	kept := 0
	for {
		at := find(p, text, kept)
		if at < 0 {
			break
		}
		end := at + window
		for end < len(text) && p.windows[text[end-window+1:end+1]] {
			end++
		}
		out.WriteString(text[kept:at])
		out.WriteString(redacted)
		kept = end
		n++
	}
	if kept == 0 {
		return text, n
	}
	out.WriteString(text[kept:])
	return out.String(), n
}

// find is where the first window stands in text at or after from, -1 for nowhere.
func find[T string | []byte](p *patterns, text T, from int) int {
	for i := from + stride - 1; i+2 <= len(text); i += stride {
		if !p.pairs[pair(text, i)] {
			continue
		}
		for at := i - stride + 1; at <= i && at+window <= len(text); at++ {
			if p.pairs[pair(text, at)] && p.pairs[pair(text, at+window-2)] && p.windows[string(text[at:at+window])] {
				return at
			}
		}
	}
	return -1
}

func pair[T string | []byte](text T, i int) int { return int(text[i])<<8 | int(text[i+1]) }

// RedactJSON returns a JSON text whose strings are redacted. Numbers and structure stay as they are, so the result is
// JSON again; a text without secrets is returned as it is.
func (r *Redactor) RedactJSON(text []byte) []byte {
	text, _ = r.redactJSON(text, func(jsontext.Pointer) bool { return false })
	return text
}

// RedactPayload is RedactJSON for a webhook's body, which says the same afterwards: the names, states and times that
// decisions rest on stay, whatever a secret happens to have in common with them. It tells what was taken out.
func (r *Redactor) RedactPayload(body []byte) ([]byte, Masked) { return r.redactJSON(body, decisive) }

// decisive tells whether a member of a payload is read for decisions. People write none of these freely, as they do the names of
// branches.
func decisive(at jsontext.Pointer) bool {
	switch name := at.LastToken(); name {
	case "action", "full_name", "login", "type", "state", "state_reason", "sha", "author_association", "status", "conclusion", "node_id":
		return true
	case "name":
		return at.Parent().LastToken() == "repository"
	default:
		return strings.HasSuffix(name, "_at")
	}
}

// RedactPlan takes secrets out of every text of a plan. What was taken out of the answer may have come together again
// from two halves when the texts were cleaned. Names, paths and states stay: they come from GitHub and the settings.
func (r *Redactor) RedactPlan(p Plan) Plan {
	p.Effects, p.Dropped = slices.Clone(p.Effects), slices.Clone(p.Dropped)
	for i := range p.Effects {
		e := &p.Effects[i]
		e.Title, e.Body = r.Redact(e.Title), r.Redact(e.Body)
		e.Remarks, e.Why = slices.Clone(e.Remarks), maps.Clone(e.Why)
		for j := range e.Remarks {
			e.Remarks[j].Body, e.Remarks[j].Quote = r.Redact(e.Remarks[j].Body), r.Redact(e.Remarks[j].Quote)
		}
		for label, why := range e.Why {
			e.Why[label] = r.Redact(why)
		}
	}
	for i, d := range p.Dropped {
		p.Dropped[i] = Drop{What: r.Redact(d.What), Why: r.Redact(d.Why)}
	}
	p.Gathered = r.redactGathered(p.Gathered)
	p.Remember = slices.Clone(p.Remember)
	for i, m := range p.Remember {
		p.Remember[i].Value = r.RedactJSON(m.Value)
	}
	return p
}

// redactGathered: the names of files are for people alone here.
func (r *Redactor) redactGathered(g *Gathered) *Gathered {
	if g == nil {
		return nil
	}
	clean := *g
	clean.Omitted = slices.Clone(g.Omitted)
	for i := range clean.Omitted {
		clean.Omitted[i].Filename = r.Redact(clean.Omitted[i].Filename)
	}
	return &clean
}

func (r *Redactor) redactJSON(text []byte, keep func(jsontext.Pointer) bool) ([]byte, Masked) {
	if r == nil {
		return text, nil
	}
	// A text is read, and written anew, only when a secret was found: most have none, and some are large.
	if r.clean(text) {
		return text, nil
	}
	found, err := r.eachString(text, keep, nil)
	if err == nil && len(found) == 0 {
		return text, nil
	}
	var out bytes.Buffer
	if err == nil {
		to := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		_, err = r.eachString(text, keep, to)
	}
	if err != nil {
		clean, found := r.Mask(string(text)) // Not JSON: rather a broken text than a secret.
		return []byte(clean), found
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), found
}

// clean tells whether a JSON text has no secret in it, as it stands or behind escapes.
func (r *Redactor) clean(text []byte) bool {
	p := r.known.Load()
	if p != nil && (find(p, text, 0) >= 0 || slices.ContainsFunc(p.short, func(s string) bool { return bytes.Contains(text, []byte(s)) })) {
		return false
	}
	if mayHoldSecret(text, bytes.IndexByte) {
		return false
	}
	for rest := text; ; {
		escape := bytes.IndexByte(rest, '\\')
		if escape < 0 {
			return true
		}
		begin := bytes.LastIndexByte(rest[:escape], '"') // Outside of strings there are no escapes.
		end := endOfString(rest, escape)
		if begin < 0 || end < 0 {
			return false
		}
		plain, err := jsontext.AppendUnquote(nil, rest[begin:end])
		if err != nil {
			return false
		}
		if _, n := r.redact(string(plain)); n > 0 || lettered(rest[begin:end]) && mayHoldSecret(plain, bytes.IndexByte) {
			return false
		}
		rest = rest[end:]
	}
}

// lettered tells whether a string of a JSON text has escapes for characters that the shapes of secrets have.
func lettered(text []byte) bool {
	return bytes.Contains(text, []byte(`\u`)) || bytes.Contains(text, []byte(`\/`))
}

// endOfString is where a string of a JSON text ends in which there is an escape at from, -1 when it does not.
func endOfString(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// eachString tells which secrets the strings of the text have in them, and writes the text without them unless to is nil.
func (r *Redactor) eachString(text []byte, keep func(jsontext.Pointer) bool, to *jsontext.Encoder) (found Masked, err error) {
	in := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := in.ReadToken()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		if token.Kind() == '"' {
			clean, masked := r.Mask(token.String())
			if len(masked) > 0 && !keep(in.StackPointer()) {
				found.Add(masked)
				token = jsontext.String(clean)
			}
		}
		if to == nil {
			continue
		}
		if err := to.WriteToken(token); err != nil {
			return found, err
		}
	}
}
