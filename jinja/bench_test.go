package jinja_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/jinja"
)

// benched are the templates of testdata/bench that are measured; the others are drawn in by them.
var benched = []string{
	"prompt.j2", "table.j2", "inheritance.j2", "macros.j2", "filters.j2", "include.j2", "data.j2", "expressions.j2",
}

func benchEnv(t testing.TB) (*jinja.Env, any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", "context.json"))
	if err != nil {
		t.Fatal(err)
	}
	values, err := jinja.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	env, err := jinja.New(jinja.Options{Loader: jinja.FS(os.DirFS(filepath.Join("testdata", "bench"))), TrimBlocks: true, LstripBlocks: true})
	if err != nil {
		t.Fatal(err)
	}
	return env, values
}

func BenchmarkRender(b *testing.B) {
	env, values := benchEnv(b)
	for _, name := range benched {
		b.Run(strings.TrimSuffix(name, ".j2"), func(b *testing.B) {
			tpl, err := env.Template(name)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := tpl.Render(b.Context(), io.Discard, values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	env, _ := benchEnv(b)
	for _, name := range benched {
		b.Run(strings.TrimSuffix(name, ".j2"), func(b *testing.B) {
			source, err := os.ReadFile(filepath.Join("testdata", "bench", name))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := env.Parse(name, string(source)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// rate is how often a second f can be done.
func rate(f func(), lasts time.Duration) float64 {
	f()
	count, start := 0, time.Now()
	for {
		for range 10 {
			f()
		}
		count += 10
		if took := time.Since(start); took >= lasts {
			return float64(count) / took.Seconds()
		}
	}
}

// besides are the figures of one template, by round.
type besides struct{ renders, parses, pythonRenders, pythonParses []float64 }

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// TestBesidePython measures renders and parses a second beside Python's Jinja2, in turn and on one core each, and prints the
// table of the README. It takes a minute and wants the machine for itself, so that it runs only where JINJA_BENCH says how
// long a measurement lasts, such as 500ms.
func TestBesidePython(t *testing.T) {
	lasts, err := time.ParseDuration(os.Getenv("JINJA_BENCH"))
	if err != nil {
		t.Skip("JINJA_BENCH does not say how long a measurement lasts, such as 500ms")
	}
	p := startPython(t, filepath.Join("testdata", "bench", "worker.py"), filepath.Join("testdata", "bench"), filepath.Join("testdata", "corpus", "context.json"))
	env, values := benchEnv(t)
	m := &bench{p, env, values, lasts}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds = 5
	results := map[string]*besides{}
	for range rounds {
		for _, name := range benched {
			if results[name] == nil {
				results[name] = &besides{}
			}
			m.round(t, name, results[name])
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| template | renders a second | Python's | times | parses a second | Python's | times |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, name := range benched {
		r := results[name]
		renders, theirs, parses, theirParses := median(r.renders), median(r.pythonRenders), median(r.parses), median(r.pythonParses)
		fmt.Fprintf(&b, "| `%s` | %.0f | %.0f | %.1f | %.0f | %.0f | %.0f |\n", name, renders, theirs, renders/theirs, parses, theirParses, parses/theirParses)
		if renders < 2*theirs {
			t.Errorf("%s: %.0f renders a second, Python's are %.0f", name, renders, theirs)
		}
	}
	t.Logf("medians of %d rounds of %v:\n%s", rounds, lasts, &b)
}

// bench is what measures.
type bench struct {
	p      *python
	env    *jinja.Env
	values any
	lasts  time.Duration
}

// round measures a template once with each engine, after a look that both make the same of it.
func (b *bench) round(t *testing.T, name string, r *besides) {
	t.Helper()
	p, env, values, lasts := b.p, b.env, b.values, b.lasts
	var theirs struct {
		Output          string
		Renders, Parses float64
	}
	if err := p.in.Encode(map[string]any{"template": name, "seconds": lasts.Seconds()}); err != nil {
		t.Fatal(err)
	}
	if !p.out.Scan() {
		t.Fatal(p.out.Err())
	}
	if err := json.Unmarshal(p.out.Bytes(), &theirs); err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Template(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tpl.RenderString(t.Context(), values)
	if err != nil || out != theirs.Output {
		t.Fatalf("%s: got %q, %v; Python's is %q", name, out, err, theirs.Output)
	}
	source := string(readFile(t, filepath.Join("testdata", "bench", name)))
	r.pythonRenders, r.pythonParses = append(r.pythonRenders, theirs.Renders), append(r.pythonParses, theirs.Parses)
	r.renders = append(r.renders, rate(func() { _ = tpl.Render(t.Context(), io.Discard, values) }, lasts))
	r.parses = append(r.parses, rate(func() { _, _ = env.Parse(name, source) }, lasts))
}
