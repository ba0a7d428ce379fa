package jinja_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hls/jinja"
)

// notReproduced are the cases whose result in Python is not to be had, or not wanted.
var notReproduced = map[string]string{
	"sm_dict_key_shadows_method": "prints the address of an object in Python's memory",
	"sm_dunder_access":           "reaches into Python's classes, which must not work",
}

type corpusCase struct {
	ID, Template, Context, Expected string
	Env                             map[string]any
	Error                           *struct {
		Class, Message, Template string
		Line                     int
	}
}

// TestConformance renders the cases of the corpus, or of another folder of the same layout that JINJA_CORPUS names, and
// compares with what Python's Jinja2 gave: the output byte for byte, or the class, line and template of the error.
func TestConformance(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("JINJA_CORPUS")
	if dir == "" {
		dir = filepath.Join("testdata", "corpus")
	}
	var manifest struct{ Cases []corpusCase }
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "templates"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	contexts := map[string]any{}
	passed := 0
	for _, c := range manifest.Cases {
		if reason := notReproduced[c.ID]; reason != "" {
			t.Logf("%s is left out: %s", c.ID, reason)
			continue
		}
		if contexts[c.Context] == nil {
			v, err := jinja.FromJSON(readFile(t, filepath.Join(dir, c.Context)))
			if err != nil {
				t.Fatal(err)
			}
			contexts[c.Context] = v
		}
		ok := t.Run(c.ID, func(t *testing.T) {
			options := corpusOptions(t, c.Env)
			options.Loader = jinja.FS(root.FS())
			out, err := renderCase(t, options, c.Template, contexts[c.Context])
			if c.Error != nil {
				checkCaseError(t, c, out, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := string(readFile(t, filepath.Join(dir, c.Expected))); out != want {
				t.Fatalf("got  %q\nwant %q", out, want)
			}
		})
		if ok {
			passed++
		}
	}
	t.Logf("%d of %d cases pass", passed, len(manifest.Cases))
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func renderCase(t *testing.T, o jinja.Options, name string, values any) (string, error) {
	t.Helper()
	env, err := jinja.New(o)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Template(name)
	if err != nil {
		return "", err
	}
	return tpl.RenderString(t.Context(), values)
}

func checkCaseError(t *testing.T, c corpusCase, out string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("got %q, want %s on line %d of %s", out, c.Error.Class, c.Error.Line, c.Error.Template)
	}
	var e *jinja.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is not a *jinja.Error: %v", err, err)
	}
	if string(e.Kind) != c.Error.Class || e.Line != c.Error.Line {
		t.Errorf("got %s on line %d, want %s on line %d: %v", e.Kind, e.Line, c.Error.Class, c.Error.Line, err)
	}
	if e.Template != c.Error.Template && e.Kind != "RecursionError" { // where Python's stack ends is its own affair
		t.Errorf("got template %s, want %s: %v", e.Template, c.Error.Template, err)
	}
	if e.Message != c.Error.Message {
		t.Logf("message %q, Python's is %q", e.Message, c.Error.Message)
	}
}

// corpusOptions turns the arguments of jinja2.Environment into Options.
func corpusOptions(t *testing.T, env map[string]any) jinja.Options {
	t.Helper()
	var o jinja.Options
	d := &o.Delimiters
	flags := map[string]*bool{
		"trim_blocks": &o.TrimBlocks, "lstrip_blocks": &o.LstripBlocks,
		"keep_trailing_newline": &o.KeepTrailingNewline, "autoescape": &o.Autoescape,
	}
	texts := map[string]*string{
		"block_start_string": &d.BlockStart, "block_end_string": &d.BlockEnd,
		"variable_start_string": &d.VariableStart, "variable_end_string": &d.VariableEnd,
		"comment_start_string": &d.CommentStart, "comment_end_string": &d.CommentEnd,
		"line_statement_prefix": &o.LineStatementPrefix, "line_comment_prefix": &o.LineCommentPrefix,
		"newline_sequence": &o.NewlineSequence,
	}
	policies := map[any]jinja.UndefinedPolicy{
		"default": jinja.Lenient, "strict": jinja.Strict, "chainable": jinja.Chainable, "debug": jinja.Debug,
	}
	for k, v := range env {
		switch {
		case flags[k] != nil:
			*flags[k] = v == true
		case texts[k] != nil:
			*texts[k], _ = v.(string)
		case k == "undefined":
			o.Undefined = policies[v]
		case k == "extensions":
			for _, x := range v.([]any) {
				o.Do = o.Do || x == "do" || x == "jinja2.ext.do"
				o.LoopControls = o.LoopControls || x == "loopcontrols" || x == "jinja2.ext.loopcontrols"
			}
		default:
			t.Fatalf("unknown argument %s", k)
		}
	}
	return o
}
