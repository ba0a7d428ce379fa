package hls

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	window   = 8 // bytes of a secret in a row that give it away
	shortest = 4 // bytes of a secret that can be told from other text
)

// Redactor removes configured secrets from text, whole or in part. It is safe for concurrent use; the zero value
// and nil remove nothing.
type Redactor struct {
	known atomic.Pointer[patterns]
}

// patterns is what a redactor looks for; it never changes once it is in place.
type patterns struct {
	windows map[string]bool
	pairs   [1 << 16]bool // two bytes in a row of a window, so that most places of a text need no look-up
	short   []string      // secrets of fewer than eight bytes
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
		next.pairs, next.short = old.pairs, slices.Clone(old.short)
	}
	for _, s := range secrets {
		v := s.Reveal()
		if len(v) >= shortest && len(v) < window {
			next.short = append(next.short, v)
		}
		for i := 0; i+window <= len(v); i++ {
			next.windows[v[i:i+window]] = true
		}
		for i := 0; len(v) >= window && i+2 <= len(v); i++ {
			next.pairs[pair(v, i)] = true
		}
	}
	r.known.Store(next)
}

// Redact returns text with every run of eight or more bytes that stands in a secret replaced.
func (r *Redactor) Redact(text string) string {
	if r == nil || text == "" {
		return text
	}
	if known := r.known.Load(); known != nil {
		return known.redact(text)
	}
	return text
}

func (p *patterns) redact(text string) string {
	for _, s := range p.short {
		text = strings.ReplaceAll(text, s, redacted)
	}
	if len(p.windows) == 0 || len(text) < window {
		return text
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
	}
	if kept == 0 {
		return text
	}
	out.WriteString(text[kept:])
	return out.String()
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
	return r.redactJSON(text, func(jsontext.Pointer) bool { return false })
}

// RedactPayload is RedactJSON for a webhook's body, which says the same afterwards: the names, states and times that
// decisions rest on stay, whatever a secret happens to have in common with them.
func (r *Redactor) RedactPayload(body []byte) []byte { return r.redactJSON(body, decisive) }

// decisive tells whether a member of a payload is read for decisions. People write none of these freely.
func decisive(at jsontext.Pointer) bool {
	switch name := at.LastToken(); name {
	case "action", "full_name", "login", "type", "state", "state_reason", "sha", "ref", "base_ref", "default_branch",
		"author_association", "status", "conclusion", "node_id":
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

func (r *Redactor) redactJSON(text []byte, keep func(jsontext.Pointer) bool) []byte {
	if r == nil {
		return text
	}
	// A text is read, and written anew, only when a secret was found: most have none, and some are large.
	if r.clean(text) {
		return text
	}
	changed, err := r.eachString(text, keep, nil)
	if err == nil && !changed {
		return text
	}
	var out bytes.Buffer
	if err == nil {
		to := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		_, err = r.eachString(text, keep, to)
	}
	if err != nil {
		return []byte(r.Redact(string(text))) // Not JSON: rather a broken text than a secret.
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// clean tells whether a JSON text has no secret in it, as it stands or behind escapes.
func (r *Redactor) clean(text []byte) bool {
	p := r.known.Load()
	if p == nil {
		return true
	}
	if find(p, text, 0) >= 0 || slices.ContainsFunc(p.short, func(s string) bool { return bytes.Contains(text, []byte(s)) }) {
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
		if err != nil || r.Redact(string(plain)) != string(plain) {
			return false
		}
		rest = rest[end:]
	}
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

// eachString tells whether a string of the text has a secret in it, and writes the text without it unless to is nil.
func (r *Redactor) eachString(text []byte, keep func(jsontext.Pointer) bool, to *jsontext.Encoder) (changed bool, err error) {
	in := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := in.ReadToken()
		if errors.Is(err, io.EOF) {
			return changed, nil
		}
		if err != nil {
			return changed, err
		}
		if token.Kind() == '"' {
			said := token.String()
			if clean := r.Redact(said); clean != said && !keep(in.StackPointer()) {
				changed = true
				token = jsontext.String(clean)
			}
		}
		if to == nil {
			continue
		}
		if err := to.WriteToken(token); err != nil {
			return changed, err
		}
	}
}
