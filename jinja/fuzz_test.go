package jinja_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hls/jinja"
)

func FuzzRender(f *testing.F) {
	library := jinja.Map{}
	templates := os.DirFS(filepath.Join("testdata", "corpus", "templates"))
	err := fs.WalkDir(templates, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(templates, path)
		library[path] = string(b)
		f.Add(string(b), byte(len(b)))
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	g := readGrammar(f)
	for n := range 300 {
		f.Add(g.randomCase(1, n).Source, byte(n))
	}
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", "context.json"))
	if err != nil {
		f.Fatal(err)
	}
	values, err := jinja.FromJSON(data)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source string, flags byte) {
		env, err := jinja.New(jinja.Options{
			Loader: library, TrimBlocks: flags&1 > 0, LstripBlocks: flags&2 > 0, Do: true, LoopControls: true,
			Undefined: jinja.UndefinedPolicy(flags >> 2 & 3), Autoescape: flags&16 > 0,
			OnUndefined: func(jinja.UndefinedUse) {},
			Limits:      jinja.Limits{Output: 1 << 20, Memory: 4 << 20, Steps: 200_000, Depth: 50, Range: 10_000},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		tpl, err := env.Parse("fuzz", source)
		if err == nil {
			_, err = tpl.RenderString(ctx, values)
		}
		checkFuzzError(t, err)
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

func checkFuzzError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *jinja.Error
	if !errors.As(err, &e) {
		t.Fatalf("not a *jinja.Error: %v", err)
	}
	if e.Kind == "InternalError" {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a {% if x %} b {% endif %}{{ y }}{# c #}\n# for x in y\n# endfor", "{%", "{{", "#", "##")
	f.Add("<% if x %><%= y %><!-- c -->", "<%", "<%=", "", "")
	f.Add("-%}+%}{%-{%+raw-%}{%endraw%}", "{%", "{{", "%", "{")
	f.Fuzz(func(t *testing.T, source, block, variable, statement, comment string) {
		env, err := jinja.New(jinja.Options{
			Delimiters:          jinja.Delimiters{BlockStart: block, VariableStart: variable},
			LineStatementPrefix: statement, LineCommentPrefix: comment, TrimBlocks: true, LstripBlocks: true,
		})
		if err != nil {
			t.Skip(err)
		}
		start := time.Now()
		_, err = env.Parse("fuzz", source)
		checkFuzzError(t, err)
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}
