package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promises are the names that docs/promises.md has a row for.
var promises = strings.Fields("I1 I2 I3 I4 I5 I6 I7 E1 E2 E3 E4 E5 E6 E7 E8 E9 S1 S2 S3 S4 S5 O1 O2 O3 O4")

var (
	promiseRow = regexp.MustCompile(`(?m)^\| \*\*([A-Z]\d)\*\* .*$`)
	quoted     = regexp.MustCompile("`([^`]+)`")
	declared   = regexp.MustCompile(`(?m)^func (Test\w+)\(|"([IESO]\d_\w+)":`)
)

// Every file and every test that docs/promises.md names exists, and a promise that is kept somewhere is proved by
// something.
func TestPromisesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := declaredTests(t)
	var rows []string
	for _, row := range promiseRow.FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, row[1])
		cells := strings.Split(row[0], " | ")
		if len(cells) != 3 {
			t.Fatalf("%s has %d cells", row[1], len(cells))
		}
		for _, file := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if _, err := os.Stat(filepath.Join("../..", file[1])); err != nil {
				t.Errorf("%s is said to be kept in %s: %v", row[1], file[1], err)
			}
		}
		proofs := quoted.FindAllStringSubmatch(cells[2], -1)
		for _, proof := range proofs {
			if !tests[proof[1]] {
				t.Errorf("%s is said to be proved by %s, which is no test", row[1], proof[1])
			}
		}
		if kept := !strings.Contains(cells[1], "in this version"); kept != (len(proofs) > 0) {
			t.Errorf("%s: kept %t, %d proofs", row[1], kept, len(proofs))
		}
	}
	slices.Sort(rows)
	want := slices.Sorted(slices.Values(promises))
	if !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
}

// declaredTests are the names of all tests, and of the cases of recordtest.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	for _, top := range []string{"cmd", "internal", "jinja"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") && filepath.Base(filepath.Dir(path)) != "recordtest" {
				return err
			}
			if filepath.Ext(path) != ".go" {
				return nil
			}
			text, err := os.ReadFile(path)
			for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
				tests[name[1]+name[2]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tests
}
