package hls

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
)

// Secret is a configured secret. It prints as "[redacted]" wherever formatting, logging or encoding meets it; only
// Reveal gives the value, to the door that sends it.
type Secret string

const redacted = "[redacted]"

// Reveal is the value itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string { return redacted }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return redacted }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// window is how many bytes of a secret in a row give it away.
const window = 8

// Redactor removes configured secrets from text, whole or in part. It is safe for concurrent use; the zero value
// and nil remove nothing.
type Redactor struct {
	known atomic.Pointer[patterns]
}

// patterns is what a redactor looks for; it never changes once it is in place.
type patterns struct {
	windows map[string]bool
	short   []string // secrets of fewer than eight bytes
}

// NewRedactor knows the given secrets; empty ones are passed over.
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
		next.short = slices.Clone(old.short)
	}
	for _, s := range secrets {
		v := s.Reveal()
		if v != "" && len(v) < window {
			next.short = append(next.short, v)
		}
		for i := 0; i+window <= len(v); i++ {
			next.windows[v[i:i+window]] = true
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
	for i := 0; i+window <= len(text); {
		if !p.windows[text[i:i+window]] {
			i++
			continue
		}
		end := i + window
		for end < len(text) && p.windows[text[end-window+1:end+1]] {
			end++
		}
		out.WriteString(text[kept:i])
		out.WriteString(redacted)
		kept, i = end, end
	}
	if kept == 0 {
		return text
	}
	out.WriteString(text[kept:])
	return out.String()
}
