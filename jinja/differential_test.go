package jinja_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hls/jinja"
)

// differentialCase is a template that both engines render.
type differentialCase struct {
	Seed      uint64            `json:"-"`
	Number    int               `json:"-"`
	Source    string            `json:"source"`
	Env       map[string]any    `json:"env"`
	Templates map[string]string `json:"templates"`
}

// pythonAnswer is what Python's Jinja2 made of a case.
type pythonAnswer struct {
	Output  *string
	Error   string
	Message string
	LeftOut string `json:"left_out"`
}

// python is a running Python with Jinja2.
type python struct {
	in  *json.Encoder
	out *bufio.Scanner
}

// findPython gives a Python that has Jinja2 3.1, or skips the test.
func findPython(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("JINJA_PYTHON"), "/usr/bin/python3", "python3"} {
		if name == "" {
			continue
		}
		out, err := exec.Command(name, "-W", "ignore", "-c", "import jinja2; print(jinja2.__version__)").Output()
		if err == nil && strings.HasPrefix(string(out), "3.1.") {
			return name
		}
	}
	t.Skip("no Python with Jinja2 3.1 to compare with: install python3-jinja2 (`make tools` does), or name one in JINJA_PYTHON")
	return ""
}

// startPython starts a worker of testdata/differential.
func startPython(t testing.TB, args ...string) *python {
	t.Helper()
	cmd := exec.Command(findPython(t), args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	p := &python{in: json.NewEncoder(in), out: bufio.NewScanner(out)}
	p.out.Buffer(nil, 64<<20)
	if !p.out.Scan() {
		t.Fatalf("Python does not start: %v", p.out.Err())
	}
	t.Logf("compared with %s", p.out.Text())
	return p
}

// ask renders a case with both engines at the same time.
func (p *python) ask(t *testing.T, c differentialCase, values any) (pythonAnswer, string, error) {
	t.Helper()
	if err := p.in.Encode(c); err != nil {
		t.Fatal(err)
	}
	out, err := renderDifferential(t, c, values)
	var a pythonAnswer
	if !p.out.Scan() {
		t.Fatalf("Python ended at %q: %v", c.Source, p.out.Err())
	}
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a, out, err
}

func renderDifferential(t *testing.T, c differentialCase, values any) (string, error) {
	t.Helper()
	o := corpusOptions(t, c.Env)
	o.Do, o.LoopControls = true, true
	loader := jinja.Map{"main": c.Source}
	for name, source := range c.Templates {
		loader[name] = source
	}
	o.Loader = loader
	env, err := jinja.New(o)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Template("main")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return tpl.RenderString(ctx, values)
}

// tally counts how the two engines compare.
type tally struct {
	agree, differ, lax, excused, bothFail, sameClass, leftOut, limited int
	shown                                                              int
	errors                                                             map[string]int // of Python, by class
}

// succeeded is how many templates succeed in Python and are compared.
func (n *tally) succeeded() int { return n.agree + n.differ }

func (n *tally) String() string {
	return fmt.Sprintf("%d of %d templates that succeed in Python agree (%.3f %%); %d fail in both (%d with the same class); "+
		"%d fail in Python only, of which %d as the README says; %d were left out, %d came to a limit",
		n.agree, n.succeeded(), 100*float64(n.agree)/float64(max(n.succeeded(), 1)), n.bothFail, n.sameClass, n.lax+n.excused, n.excused,
		n.leftOut, n.limited)
}

// count files a case under what the two made of it.
func (n *tally) count(t *testing.T, c differentialCase, a pythonAnswer, out string, err error) {
	t.Helper()
	var e *jinja.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%q: %v", c.Source, err)
	}
	n.errors[a.Error]++
	switch {
	case a.LeftOut != "":
		n.leftOut++
	case err != nil && errors.Is(err, jinja.ErrLimit) && e.Kind == jinja.KindLimit:
		n.limited++
	case a.Output != nil && err == nil && out == *a.Output:
		n.agree++
	case a.Output != nil:
		n.differ++
		n.show(t, c, fmt.Sprintf("Python: %q\nhere:   %q %v", *a.Output, out, err))
	case err == nil && excused(c, a):
		n.excused++
	case err == nil:
		n.lax++
		n.show(t, c, fmt.Sprintf("Python: %s: %s\nhere:   %q", a.Error, a.Message, out))
	default:
		n.bothFail++
		if string(e.Kind) == a.Error {
			n.sameClass++
		} else if os.Getenv("JINJA_DIFFERENTIAL_CLASSES") != "" {
			n.show(t, c, fmt.Sprintf("Python: %s: %s\nhere:   %v", a.Error, a.Message, err))
		}
	}
}

// excused are the failures of Python's that the README lists: a template that fails there and prints here on purpose.
func excused(_ differentialCase, a pythonAnswer) bool {
	switch a.Error {
	case "AssertionError": // the filter of a set block has a name for its argument, of which Jinja2 loses track
		return strings.HasPrefix(a.Message, "Tried to resolve a name to a reference that was unknown")
	case "OverflowError": // 'inf'|int, before 3.1.5
		return a.Message == "cannot convert float infinity to integer"
	}
	return false
}

func (n *tally) show(t *testing.T, c differentialCase, text string) {
	t.Helper()
	most, _ := strconv.Atoi(os.Getenv("JINJA_DIFFERENTIAL_SHOW"))
	if n.shown++; n.shown <= max(most, 10) {
		t.Logf("seed %d case %d %v\n%s\n%s", c.Seed, c.Number, c.Env, c.Source, text)
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestDifferential renders random templates with this engine and with Python's Jinja2 and compares the results byte for
// byte. Half of them come from a fixed seed. JINJA_DIFFERENTIAL says how many (a plain test makes 1,000),
// JINJA_DIFFERENTIAL_SEED which seed the other half comes from, JINJA_DIFFERENTIAL_CASE that only one is tried.
func TestDifferential(t *testing.T) {
	t.Parallel()
	g := readGrammar(t)
	p := startPython(t, filepath.Join("testdata", "differential", "worker.py"), filepath.Join("testdata", "differential", "values.json"))
	values, err := jinja.FromJSON(readFile(t, filepath.Join("testdata", "differential", "values.json")))
	if err != nil {
		t.Fatal(err)
	}
	var templates map[string]string
	if err := json.Unmarshal(readFile(t, filepath.Join("testdata", "differential", "templates.json")), &templates); err != nil {
		t.Fatal(err)
	}
	count, seed := number(t, "JINJA_DIFFERENTIAL", 1000), number(t, "JINJA_DIFFERENTIAL_SEED", rand.Uint64())
	only := int(number(t, "JINJA_DIFFERENTIAL_CASE", 1<<40))
	t.Logf("%d templates; seeds 1 and %d", count, seed)
	n := tally{errors: map[string]int{}}
	for i := range int(count) {
		from := seed
		if i < int(count/2) {
			from = 1
		}
		if only < 1<<40 && (i != only) {
			continue
		}
		c := g.randomCase(from, i)
		c.Templates = templates
		a, out, err := p.ask(t, c, values)
		n.count(t, c, a, out, err)
	}
	t.Log(&n)
	t.Log("what Python raised: ", n.errors)
	mostLax, leastAgreeing := 0, 995
	if count < 10_000 { // a few templates are too few to judge by: one of the random ones may show what nobody knows yet
		mostLax, leastAgreeing = 1, 980
	}
	if n.lax > mostLax {
		t.Errorf("%d templates fail in Python and print here", n.lax)
	}
	if n.agree*1000 < n.succeeded()*leastAgreeing {
		t.Errorf("less than %.1f %% agree", float64(leastAgreeing)/10)
	}
}
