package config

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bomb is the billion laughs: each list is ten times the one before.
func bomb() string {
	var out strings.Builder
	out.WriteString("repositories:\n- &a0 {name: a/b}\n")
	for i := range 12 {
		fmt.Fprintf(&out, "- &a%d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return out.String()
}

// The time allowed leaves room for the race detector on a busy machine; unloaded, each file takes well under a second.
func TestHostileFilesEndFast(t *testing.T) {
	const most = 512 << 20 // bytes allocated in all, for one file
	large := strings.Repeat("x", 1<<19)
	for name, text := range map[string]string{
		"brackets":        strings.Repeat("[", 100_000),
		"braces":          strings.Repeat("{", 100_000),
		"deep blocks":     strings.Repeat("- ", 100_000),
		"alias bomb":      bomb(),
		"text bomb":       "prompts: {defaults: {a: &a {k: &t '" + large + "${BIG}'}, b: {" + manyPairs("*t") + "}}}",
		"merge bomb":      "server: &a {" + manyPairs("1") + "}\ngithub: {<<: [*a, *a, *a, *a, *a, *a, *a, *a]}",
		"variable bomb":   "logging: {file: '" + strings.Repeat("${BIG}", 10_000) + "'}",
		"unknown keys":    "server: {" + manyPairs("1") + "}",
		"many problems":   "repositories:\n" + strings.Repeat("- {nam3: 1}\n", 10_000),
		"same names":      "repositories:\n" + strings.Repeat("- {name: a/b}\n", 10_000),
		"long key":        "? " + large + "\n: 1",
		"too large":       strings.Repeat("# comment\n", 1<<18),
		"not UTF-8":       "server: {host: \xff\xfe}",
		"control":         "server: {host: \x00}",
		"long secret":     "github: {token: " + large + "}",
		"quote never end": `server: {host: "` + large,
		"open comments":   strings.Repeat("#", 1<<19),
		"anchors":         strings.Repeat("&a ", 10_000) + "b",
		"patterns":        "repositories: [{name: a/b, ignore: {title_patterns: ['" + strings.Repeat("(a{1,99}){1,99}", 500) + "']}}]",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := load(t, text, map[string]string{"BIG": large})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("it loads")
			}
			if len(fmt.Sprint(err)) > 64<<10 {
				t.Errorf("the report has %d bytes", len(err.Error()))
			}
			if took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("it allocated %d MB", used>>20)
			}
			t.Logf("%s, %d KB", took, (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}

func manyPairs(value string) string {
	var out strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&out, "k%d: %s, ", i, value)
	}
	return strings.TrimSuffix(out.String(), ", ")
}
