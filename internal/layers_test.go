// Package internal_test holds the house to its floors.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors says which floor each room stands on. A room imports rooms of lower floors only; a sub-room may import its
// parent room. A room that is not listed is an error: give it a floor here and a line in ARCHITECTURE.md.
var floors = map[string]int{
	"hls/cmd/hls":           5,
	"hls/internal/bench":    5,
	"hls/internal/faults":   5,
	"hls/internal/mutants":  5,
	"hls/internal/app":      4,
	"hls/internal/pipeline": 3, "hls/internal/web": 3, "hls/internal/config": 3, "hls/internal/simulate": 3,
	"hls/internal/recovery": 3, "hls/internal/sweep": 3, "hls/internal/backtest": 3,
	"hls/internal/history": 3,
	"hls/internal/receive": 2, "hls/internal/record": 2, "hls/internal/route": 2, "hls/internal/handler": 2,
	"hls/internal/prompt": 2, "hls/internal/analyze": 2, "hls/internal/act": 2, "hls/internal/claude": 2, "hls/internal/github": 2,
	"hls/internal/compare": 2, "hls/internal/telemetry": 2, "hls/internal/notify": 2,
	"hls/internal/hls": 1, "hls/internal/fault": 1, "hls/internal/breaker": 1, "hls/internal/rounds": 1,
	"hls/internal/share": 1,
	"hls/prompts":        1,
	"hls/jinja":          0,
}

// doors says who alone may import a package, by prefix of its path. Tests of a room may use what they need.
var doors = map[string][]string{
	"hls/internal/config":                    {"hls/internal/app", "hls/cmd/hls", "hls/internal/bench"},
	"hls/internal/simulate":                  {"hls/internal/app", "hls/cmd/hls", "hls/internal/bench"},
	"hls/internal/history":                   {}, // tests alone
	"hls/internal/mutants":                   {},
	"hls/internal/telemetry/collector":       {}, // tests alone
	"go.opentelemetry.io":                    {"hls/internal/telemetry"},
	"hls/jinja":                              {"hls/internal/prompt"},
	"github.com/anthropics/anthropic-sdk-go": {"hls/internal/claude"},
	"github.com/google/go-github":            {"hls/internal/github"},
	"modernc.org/sqlite":                     {"hls/internal/record/sqlite"},
	"database/sql":                           {"hls/internal/record/sqlite", "hls/internal/record/postgres"},
	"github.com/pressly/goose":               {"hls/internal/record"},
	"github.com/jackc/pgx":                   {"hls/internal/record/postgres"},
	"os/exec":                                {"hls/internal/mutants", "hls/internal/bench"}, // E2: HLS starts no child process. These are tools of the house.
	"plugin":                                 {},
	"github.com/prometheus/client_golang":    {"hls/internal/web"},
	"github.com/chromedp":                    {}, // tests alone
	"github.com/santhosh-tekuri/jsonschema":  {"hls/internal/analyze"},
	"github.com/alecthomas/kong":             {"hls/cmd/hls"},
}

func TestLayers(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, file := range goFiles(t) {
		pkg := path.Dir(path.Join("hls", filepath.ToSlash(file)))
		room, floor := roomOf(pkg)
		if room == "" {
			t.Errorf("%s: package %s has no floor", file, pkg)
			continue
		}
		for _, imported := range imports(t, file) {
			checked++
			if !strings.HasPrefix(imported, "hls/") {
				continue
			}
			other, below := roomOf(imported)
			switch {
			case other == "":
				t.Errorf("%s imports %s, which has no floor", file, imported)
			case other == room || below < floor:
			default:
				t.Errorf("%s (floor %d) imports %s (floor %d): a room imports rooms of lower floors only", file, floor, imported, below)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d imports were looked at: the test is not reading the house", checked)
	}
}

func TestDoors(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "internal/record/recordtest/") || strings.HasPrefix(file, "internal/web/webtest/") {
			continue
		}
		pkg := path.Dir(path.Join("hls", filepath.ToSlash(file)))
		for _, imported := range imports(t, file) {
			for door, allowed := range doors {
				if within(imported, door) && !within(pkg, door) && !anyWithin(pkg, allowed) {
					t.Errorf("%s imports %s: only %v may", file, imported, allowed)
				}
			}
		}
	}
}

func within(pkg, prefix string) bool { return pkg == prefix || strings.HasPrefix(pkg, prefix+"/") }

func anyWithin(pkg string, prefixes []string) bool {
	for _, p := range prefixes {
		if within(pkg, p) {
			return true
		}
	}
	return false
}

// roomOf finds the room that a package belongs to: itself, or the parent it is a sub-room of.
func roomOf(pkg string) (string, int) {
	for p := pkg; p != "." && p != "hls"; p = path.Dir(p) {
		if floor, ok := floors[p]; ok {
			return p, floor
		}
	}
	return "", 0
}

func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, top := range []string{"cmd", "internal", "jinja", "prompts"} {
		err := filepath.WalkDir(filepath.Join("..", top), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel("..", p)
			if d.Name() == "testdata" {
				return fs.SkipDir
			}
			if strings.HasSuffix(p, ".go") && rel != filepath.Join("internal", "layers_test.go") {
				files = append(files, rel)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range parsed.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}
