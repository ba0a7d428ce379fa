package jinja

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxTemplateSize bounds the source of one template, in bytes.
const maxTemplateSize = 1 << 20

// A Loader finds the source of a template by its name. For an unknown name it returns an error that wraps fs.ErrNotExist.
type Loader interface {
	Load(name string) (string, error)
}

// Map serves templates from memory.
type Map map[string]string

// Load implements Loader.
func (m Map) Load(name string) (string, error) {
	if s, ok := m[name]; ok {
		return s, nil
	}
	return "", fmt.Errorf("load template %s: %w", name, fs.ErrNotExist)
}

type fsLoader struct{ fsys fs.FS }

// FS serves the files of fsys and nothing outside of it: a name that is absolute or has a segment ".." is not found.
// For a directory pass the FS of an os.Root, which refuses symbolic links that leave it; os.DirFS follows them.
func FS(fsys fs.FS) Loader { return fsLoader{fsys} }

// Load implements Loader.
func (l fsLoader) Load(name string) (string, error) {
	path, ok := cleanName(name)
	if !ok {
		return "", fmt.Errorf("load template %s: %w", name, fs.ErrNotExist)
	}
	f, err := l.fsys.Open(path)
	if err != nil {
		return "", fmt.Errorf("load template: %w", err)
	}
	defer func() { _ = f.Close() }()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", fmt.Errorf("load template %s: not a regular file: %w", name, fs.ErrNotExist)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTemplateSize+1))
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	if len(b) > maxTemplateSize {
		return "", fmt.Errorf("template %s is larger than %d bytes", name, maxTemplateSize)
	}
	return string(b), nil
}

// cleanName drops empty and "." segments, as Jinja2's loaders do, and refuses names that could leave the root.
func cleanName(name string) (string, bool) {
	if strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00") {
		return "", false
	}
	var keep []string
	for seg := range strings.SplitSeq(name, "/") {
		switch seg {
		case "..":
			return "", false
		case "", ".":
		default:
			keep = append(keep, seg)
		}
	}
	path := strings.Join(keep, "/")
	return path, path != "" && fs.ValidPath(path)
}

type chain []Loader

// Chain asks the loaders in turn; the first that knows the name serves it.
func Chain(loaders ...Loader) Loader { return chain(loaders) }

// Load implements Loader.
func (c chain) Load(name string) (string, error) {
	for _, l := range c {
		s, err := l.Load(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return "", fmt.Errorf("load template %s: %w", name, fs.ErrNotExist)
}
