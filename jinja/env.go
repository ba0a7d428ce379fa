package jinja

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// An Env is a configured engine. It is safe for concurrent use.
//
// Parsed templates are kept until Reset, a thousand of them or 4 MiB of source. Templates are parsed once per name, so a changed source is seen after Reset
// only; templates obtained before keep rendering what they were parsed from, while their includes are looked up anew.
type Env struct {
	opt     Options
	filters map[string]*builtin
	tests   map[string]*builtin
	globals map[string]any
	methods methodTables

	mu     sync.RWMutex
	cache  map[string]*Template
	cached int // bytes of source in cache
}

// New returns an Env with the built-in filters, tests and globals, and those of the options.
func New(o Options) (*Env, error) {
	if err := o.fill(); err != nil {
		return nil, fmt.Errorf("configure jinja: %w", err)
	}
	e := &Env{
		opt: o, filters: builtinFilters(), tests: builtinTests(), globals: builtinGlobals(),
		methods: builtinMethods(), cache: map[string]*Template{},
	}
	if err := e.extend(); err != nil {
		return nil, fmt.Errorf("configure jinja: %w", err)
	}
	return e, nil
}

// Template loads and parses the named template, or gives the one parsed before.
func (e *Env) Template(name string) (*Template, error) {
	e.mu.RLock()
	t := e.cache[name]
	e.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	if e.opt.Loader == nil {
		return nil, &Error{Kind: KindNotFound, Message: name, cause: fs.ErrNotExist}
	}
	src, err := e.opt.Loader.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Kind: KindNotFound, Message: name, cause: err}
	}
	if err != nil {
		return nil, &Error{Kind: KindNotFound, Message: name + ": " + err.Error(), cause: err}
	}
	if t, err = e.Parse(name, src); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for other, old := range e.cache {
		if len(e.cache) < maxCached && e.cached+len(t.src) <= maxCachedBytes {
			break
		}
		delete(e.cache, other)
		e.cached -= len(old.src)
	}
	if old := e.cache[name]; old != nil {
		e.cached -= len(old.src)
	}
	e.cache[name] = t
	e.cached += len(t.src)
	return t, nil
}

// What is kept of parsed templates is bounded, as a template can draw in others by any number of names.
const (
	maxCached      = 1000
	maxCachedBytes = 4 << 20 // of source
)

// Parse parses a template from memory. The name is used in messages only; the template is not cached.
func (e *Env) Parse(name, source string) (*Template, error) { return parse(e, name, source) }

// Reset forgets the parsed templates, so that they are loaded anew.
func (e *Env) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.cache)
	e.cached = 0
}
