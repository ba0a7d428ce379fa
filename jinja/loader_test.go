package jinja_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/jinja"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLoaderIsConfined tries to read a file beside the root by every way that a name or a link could take.
func TestLoaderIsConfined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "secret.j2"), "SECRET")
	writeFile(t, filepath.Join(dir, "root", "ok.j2"), "fine")
	writeFile(t, filepath.Join(dir, "root", "sub", "inner.j2"), "inner")
	links := map[string]string{
		"link.j2": "../secret.j2", "absolute.j2": filepath.Join(dir, "secret.j2"), "up": "..", "inside.j2": "ok.j2",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, "root", name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	for _, name := range []string{
		"../secret.j2", "sub/../../secret.j2", "/secret.j2", filepath.Join(dir, "secret.j2"), `..\secret.j2`, "link.j2",
		"absolute.j2", "up/secret.j2", "./../secret.j2", "..", ".", "", "/", "sub", "ok.j2\x00", "sub/../ok.j2",
	} {
		for _, tag := range []string{"include", "extends", "import"} {
			as := map[string]string{"import": " as m"}[tag]
			out, err := render(t, jinja.Options{Loader: jinja.FS(root.FS())}, "{% "+tag+" name"+as+" %}{{ m }}", map[string]any{"name": name})
			var e *jinja.Error
			if strings.Contains(out, "SECRET") || !errors.As(err, &e) {
				t.Errorf("%s %q: got %q, %v", tag, name, out, err)
			}
		}
	}
	for _, name := range []string{"ok.j2", "./ok.j2", "sub/inner.j2", "sub//inner.j2", "inside.j2"} {
		if _, err := render(t, jinja.Options{Loader: jinja.FS(root.FS())}, "{% include name %}", map[string]any{"name": name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// openFS serves any name, so that nothing but the loader confines it.
type openFS struct{ t *testing.T }

func (f openFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		f.t.Errorf("the loader asked for %q", name)
	}
	return nil, fs.ErrNotExist
}

func TestLoaderAsksForValidNamesOnly(t *testing.T) {
	t.Parallel()
	loader := jinja.FS(openFS{t})
	for _, name := range []string{"../a", "a/../../b", "/a", "a/..", "..", "", `..\a`, "a\x00", "a//b", "./a"} {
		if _, err := loader.Load(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestChainAsksInTurn(t *testing.T) {
	t.Parallel()
	loader := jinja.Chain(jinja.Map{"a": "first"}, jinja.Map{"a": "second", "b": "other"})
	out, err := render(t, jinja.Options{Loader: loader}, "{% include 'a' %} {% include 'b' %}", nil)
	if err != nil || out != "first other" {
		t.Errorf("got %q, %v", out, err)
	}
	_, err = render(t, jinja.Options{Loader: loader}, "{% include 'c' %}", nil)
	var e *jinja.Error
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &e) || e.Kind != jinja.KindNotFound {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Load(string) (string, error) { return "", f.err }

func TestLoaderErrorsPass(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	_, err := render(t, jinja.Options{Loader: jinja.Chain(failing{broken}, jinja.Map{"a": ""})}, "{% include 'a' %}", nil)
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestResetForgetsTemplates(t *testing.T) {
	t.Parallel()
	files := jinja.Map{"a": "one"}
	env, err := jinja.New(jinja.Options{Loader: files})
	if err != nil {
		t.Fatal(err)
	}
	got := func() string {
		tpl, err := env.Template("a")
		if err != nil {
			t.Fatal(err)
		}
		out, err := tpl.RenderString(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := got()
	files["a"] = "two"
	cached := got()
	env.Reset()
	if second := got(); first != "one" || cached != "one" || second != "two" {
		t.Errorf("got %s, %s, %s", first, cached, second)
	}
}
