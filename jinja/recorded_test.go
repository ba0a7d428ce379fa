package jinja_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"hls/jinja"
)

// TestRecorded renders small templates whose result was recorded from Python's Jinja2 3.1.2, as testdata/recorded/README.md
// says.
func TestRecorded(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var set struct {
				Templates map[string]string
				Values    json.RawMessage
				Cases     []struct {
					Source, Output, Error string
					Line                  int
					Env                   map[string]any
				}
			}
			if err := json.Unmarshal(readFile(t, file), &set); err != nil {
				t.Fatal(err)
			}
			if set.Values == nil {
				set.Values = readFile(t, filepath.Join("testdata", "corpus", "context.json"))
			}
			values, err := jinja.FromJSON(set.Values)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range set.Cases {
				o := corpusOptions(t, c.Env)
				o.Do, o.LoopControls = true, true
				loader := jinja.Map{"main": c.Source}
				for name, source := range set.Templates {
					loader[name] = source
				}
				o.Loader = loader
				out, err := renderCase(t, o, "main", values)
				var e *jinja.Error
				switch {
				case c.Error == "" && (err != nil || out != c.Output):
					t.Errorf("%q %v:\ngot  %q, %v\nwant %q", c.Source, c.Env, out, err, c.Output)
				case c.Error != "" && (!errors.As(err, &e) || string(e.Kind) != c.Error || c.Line > 0 && e.Line != c.Line):
					t.Errorf("%q %v:\ngot  %q, %v\nwant %s on line %d", c.Source, c.Env, out, err, c.Error, c.Line)
				}
			}
			t.Logf("%d cases", len(set.Cases))
		})
	}
}
