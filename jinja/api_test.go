package jinja

import "testing"

func TestSmoke(t *testing.T) {
	e, err := New(Options{Loader: Map{"a": "{{ x }} {{ y|default(3) }}"}})
	if err != nil {
		t.Fatal(err)
	}
	tp, err := e.Template("a")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tp.Render(t.Context(), map[string]any{"x": 1})
	if err != nil || s != "1 3" {
		t.Fatal(s, err)
	}
}
