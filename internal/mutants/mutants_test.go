package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func rows(t *testing.T) []defense {
	t.Helper()
	rows, err := read(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 30 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

// The lines of every row stand once in their file, and its test is there: neither goes away unnoticed.
func TestTheTableNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rows(t) {
		if _, err := d.apply(root); err != nil {
			t.Error(err)
		}
		top, steps, nested := strings.Cut(d.test, "/")
		folders := []string{d.pkg}
		if strings.HasPrefix(top, "TestStore") {
			folders = append(folders, "internal/record/recordtest")
		}
		text := tests(t, root, folders)
		if !strings.Contains(text, "func "+top+"(t *testing.T)") {
			t.Errorf("%s: there is no %s in %s", d.name, top, d.pkg)
		}
		for step := range strings.SplitSeq(steps, "/") {
			if nested && !strings.Contains(text, `"`+step+`"`) && !strings.Contains(text, `"`+strings.ReplaceAll(step, "_", " ")+`"`) {
				t.Errorf("%s: there is no %s in %s", d.name, d.test, d.pkg)
			}
		}
	}
}

// tests are the texts of all tests in folders.
func tests(t *testing.T, root string, folders []string) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") && filepath.Base(folder) != "recordtest" {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return b.String()
}

var kept = regexp.MustCompile(`(?m)^\| \*\*([IESO]\d)\*\* [^|]*\| ([^|]*)\|`)

// Every promise that docs/promises.md says is kept somewhere has a defense that can be taken out.
func TestEveryPromiseHasADefense(t *testing.T) {
	t.Parallel()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	defended := map[string]bool{}
	for _, d := range rows(t) {
		defended[d.promise] = true
	}
	promises := kept.FindAllStringSubmatch(string(page), -1)
	if len(promises) < 20 {
		t.Fatalf("only %d promises", len(promises))
	}
	for _, p := range promises {
		if !strings.Contains(p[2], "in this version") && !defended[p[1]] {
			t.Errorf("%s has no row in defenses.txt", p[1])
		}
	}
}

func TestTablesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := "name I1\nWhat holds.\n@ file.go\n-a\n+b\ntest folder TestX\n"
	for name, text := range map[string]string{
		"no promise":      strings.Replace(good, " I1", "", 1),
		"no change":       strings.Replace(good, "+b", "+a", 1),
		"nothing to find": strings.Replace(good, "-a\n", "", 1),
		"no file":         strings.Replace(good, "@ file.go\n", "", 1),
		"no test":         strings.Replace(good, "test folder TestX\n", "", 1),
		"two tests":       good + "test folder TestY\n",
		"two of a name":   good + "\n" + good,
		"an odd line":     strings.Replace(good, "-a", "*a", 1),
	} {
		if rows, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	if rows, err := read(strings.NewReader("# remark\n\n" + good)); err != nil || len(rows) != 1 {
		t.Errorf("%+v, %v", rows, err)
	}
}

// A module with one line of defense and tests of all kinds, each row with the verdict that it must come to.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	b := &bench{root: t.TempDir(), scratch: t.TempDir(), timeout: 5 * time.Second}
	for name, text := range map[string]string{
		"go.mod":          "module m\n\ngo 1.26\n",
		"p/limit.go":      "package p\n\nfunc Within(n int) bool {\n\tif n > 9 {\n\t\treturn false\n\t}\n\treturn true\n}\n",
		"p/limit_test.go": testsOfLimit,
	} {
		file := filepath.Join(b.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const row = "%s I1\nWhat holds.\n@ p/limit.go\n-%s\n+%s\ntest p %s\n\n"
	for _, tc := range []struct {
		test, find, replace string
		want                verdict
	}{
		{"TestNotices", "\tif n > 9 {", "\tif false {", noticed},
		{"TestGroup/inner_one", "\tif n > 9 {", "\tif false {", noticed},
		{"TestNotices", "\tif n > 9 {", "\tif n > 9 { panic(n)", noticed},
		{"TestPasses", "\tif n > 9 {", "\tif false {", survived},
		{"TestSkips", "\tif n > 9 {", "\tif false {", skipped},
		{"TestIsNot", "\tif n > 9 {", "\tif false {", missing},
		{"TestNotices", "\tif n > 9 {", "\tif x {", broken},
		{"TestNotices", "\tif n > 9 {", "\tfor n > 9 {}; if false {", late},
		{"TestNotices", "\tif n > 8 {", "\tif false {", stale},
		{"TestNotices", "\t\treturn", "\t\treturn !", stale}, // not a whole line
	} {
		t.Run(tc.test+" "+string(tc.want), func(t *testing.T) {
			t.Parallel()
			rows, err := read(strings.NewReader(fmt.Sprintf(row, strings.ToLower(strings.Map(letters, t.Name())), tc.find, tc.replace, tc.test)))
			if err != nil {
				t.Fatal(err)
			}
			if got := b.try(t.Context(), rows[0]); got.verdict != tc.want {
				t.Errorf("got %q\n%s", got.verdict, got.output)
			}
		})
	}
	t.Run("control", func(t *testing.T) {
		t.Parallel()
		all, err := read(strings.NewReader(fmt.Sprintf(row, "good", "a", "b", "TestNotices") + fmt.Sprintf(row, "bad", "a", "b", "TestFails") +
			fmt.Sprintf(row, "gone", "a", "b", "TestIsNot")))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]verdict{}
		for _, r := range b.control(t.Context(), all) {
			got[r.name] = r.verdict
		}
		if len(got) != 2 || got["bad"] != fails || got["gone"] != missing {
			t.Errorf("got %v", got)
		}
	})
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}

const testsOfLimit = `package p

import "testing"

func TestNotices(t *testing.T) {
	if Within(10) {
		t.Error("10")
	}
}

func TestGroup(t *testing.T) {
	t.Run("inner one", TestNotices)
}

func TestPasses(t *testing.T) { Within(1) }

func TestSkips(t *testing.T) { t.Skip() }

func TestFails(t *testing.T) { t.Fail() }
`

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"-list I1", 0, "full-sync"},
		{"-list full-sync", 0, "I1  full-sync"},
		{"no-such-defense", 2, "no-such-defense"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), strings.Fields(tc.args), &out); code != tc.code || !strings.Contains(out.String(), tc.want) {
			t.Errorf("%s: %d\n%s", tc.args, code, out.String())
		}
	}
}
