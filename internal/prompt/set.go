package prompt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hls/jinja"
)

const (
	builtinDir  = "(built-in)"
	overDir     = "(given)"
	maxTemplate = 1 << 20
)

// source is the templates of one folder, read as a whole, so that a set never changes under a rendering.
type source struct {
	dir   string // as configured; "" for the built-in templates
	files jinja.Map
}

// folder is a configured folder, as it is given or as it is on disk.
func (r *Renderer) folder(dir string) (source, []Problem, error) {
	if r.cfg.Folders == nil {
		return readFolder(dir)
	}
	return source{dir: dir, files: r.cfg.Folders[dir]}, nil, nil
}

// readFolder reads a configured folder. Symbolic links that leave it are refused.
func readFolder(dir string) (source, []Problem, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return source{}, nil, fmt.Errorf("open folder of templates: %w", err)
	}
	defer root.Close()
	s, problems := readSource(dir, root.FS())
	return s, problems, nil
}

// readSource reads all files that it can, and tells of the others.
func readSource(dir string, files fs.FS) (source, []Problem) {
	s := source{dir: dir, files: jinja.Map{}}
	var problems []Problem
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case hidden && d != nil && d.IsDir():
			return fs.SkipDir
		case hidden, err == nil && d.IsDir(), strings.HasSuffix(name, ".go"):
			return nil
		}
		if err == nil {
			err = s.readFile(files, name)
		}
		if err != nil {
			problems = append(problems, Problem{File: s.path(name), Line: 1, Column: 1, Message: err.Error()})
		}
		return nil
	})
	return s, problems
}

// readFile reads one file; what is no ordinary file is passed over.
func (s *source) readFile(files fs.FS, name string) error {
	info, err := fs.Stat(files, name)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if info.Size() > maxTemplate {
		return fmt.Errorf("a template has at most %d bytes", maxTemplate)
	}
	text, err := fs.ReadFile(files, name)
	if err == nil {
		s.files[name] = string(text)
	}
	return err
}

// path is where a template stands, for people.
func (s *source) path(name string) string {
	if s.dir == "" {
		return builtinDir + "/" + name
	}
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

// set is the templates in force for one rule: the first source that has a name serves it.
type set struct {
	sources []source
	env     *jinja.Env
}

// newSet makes the engine. With undefined, which is told of missing values, a member of one is missing too and no failure.
func newSet(sources []source, stand string, undefined func(jinja.UndefinedUse)) (*set, error) {
	policy := jinja.Lenient
	if undefined != nil {
		policy = jinja.Chainable
	}
	var loaders []jinja.Loader
	for _, s := range sources {
		loaders = append(loaders, s.files)
	}
	env, err := jinja.New(jinja.Options{
		Loader: jinja.Chain(loaders...), TrimBlocks: true, LstripBlocks: true, OnUndefined: undefined, Undefined: policy,
		Filters: map[string]jinja.Filter{"fence": fenceFilter(stand)},
	})
	if err != nil {
		return nil, fmt.Errorf("set up engine: %w", err)
	}
	return &set{sources: sources, env: env}, nil
}

// names are those of all templates, sorted.
func (s *set) names() []string {
	all := map[string]bool{}
	for _, src := range s.sources {
		for name := range src.files {
			if isTemplate(name) {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// isTemplate tells templates from other files, which may be included all the same.
func isTemplate(name string) bool { return slices.Contains(extensions, path.Ext(name)) }

// parse parses every template, so that a broken one is known before an event needs it.
func (s *set) parse() []Problem {
	var problems []Problem
	for _, name := range s.names() {
		if _, err := s.env.Template(name); err != nil {
			problems = append(problems, s.problem(name, err))
		}
	}
	return problems
}

// problem places an error of the engine in the file that it is about.
func (s *set) problem(name string, err error) Problem {
	p := Problem{File: s.path(name), Line: 1, Column: 1, Message: err.Error()}
	var e *jinja.Error
	if errors.As(err, &e) {
		p.Line, p.Column, p.Message = max(e.Line, 1), max(e.Column, 1), fmt.Sprintf("%s: %s", e.Kind, e.Message)
		p.File = s.path(cmp.Or(e.Template, name))
	}
	return p
}

// path is where a template stands, for people. One that no source has is taken to be built in.
func (s *set) path(name string) string {
	for _, src := range s.sources {
		if _, ok := src.files[name]; ok {
			return src.path(name)
		}
	}
	return builtinDir + "/" + name
}

func (s *set) text(name string) (string, bool) {
	for _, src := range s.sources {
		if text, ok := src.files[name]; ok {
			return text, true
		}
	}
	return "", false
}

func (s *set) render(ctx context.Context, name string, values *jinja.Dict) (string, error) {
	t, err := s.env.Template(name)
	if err != nil {
		return "", err
	}
	return t.RenderString(ctx, values)
}

// renderEvent renders an event's template. An event that is too large for what the template makes of it is shown with
// its texts and lists cut, and the text says so: a template's own fault fails again.
func (s *set) renderEvent(ctx context.Context, name string, values *jinja.Dict) (string, error) {
	text, err := s.render(ctx, name, values)
	if !errors.Is(err, jinja.ErrLimit) || ctx.Err() != nil {
		return text, err
	}
	few, _ := smaller(values).(*jinja.Dict)
	if text, err = s.render(ctx, name, few); err != nil {
		return "", err
	}
	return text + "\n[the event is too large: long texts and lists are cut]", nil
}

var (
	// reference is a tag that draws in another template, literal a name in it.
	reference = regexp.MustCompile(`\{%[-+]?\s*(?:extends|include|import|from)\b([^%]*)%\}`)
	literal   = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
)

// hash is the SHA-256 over the sources that the templates are made of: themselves and all that they draw in. Where a
// name is computed, any template may be drawn in, and all count.
func (s *set) hash(names ...string) string {
	used := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		text, ok := s.text(name)
		if !ok || used[name] {
			continue
		}
		used[name] = true
		for _, tag := range reference.FindAllStringSubmatch(text, -1) {
			names = append(names, s.drawnIn(tag[1])...)
		}
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(used)) {
		text, _ := s.text(name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (s *set) drawnIn(tag string) []string {
	var names []string
	for _, m := range literal.FindAllStringSubmatch(tag, -1) {
		name := cmp.Or(m[1], m[2])
		if _, ok := s.text(name); ok {
			names = append(names, name)
		}
	}
	if names == nil {
		return s.names()
	}
	return names
}
