package joblog

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// stamped is the time that GitHub's runners put before every line of a job's log.
var stamped = regexp.MustCompile(`^\x{feff}?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z `)

// command is an order to the runner: "##[error]…", or "::error file=…::…" ("Workflow commands for GitHub Actions").
var command = regexp.MustCompile(`^(?:##\[([a-z-]+)\]|::([a-z-]+)(?: [^:]*)?::)`)

// hidden are the commands that say nothing of what happens.
const hidden = " debug add-mask save-state set-output stop-commands add-matcher remove-matcher command section "

// bare is a line without the runner's time and command, and the name of that command.
func bare(line string) (text, name string) {
	if at := stamped.FindStringIndex(line); at != nil {
		line = line[at[1]:]
	}
	line = strings.TrimRight(line, " \t")
	m := command.FindStringSubmatchIndex(line)
	if m == nil {
		return line, ""
	}
	for _, group := range []int{2, 4} {
		if m[group] >= 0 {
			name = line[m[group]:m[group+1]]
		}
	}
	if strings.Contains(hidden, " "+name+" ") {
		return "", "hidden"
	}
	return line[m[1]:], name
}

// variable is what differs between two runs that fail the same way, and what stands for it.
var variable = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?`), "<time>"},
	{regexp.MustCompile(`[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}`), "<id>"},
	{regexp.MustCompile(`(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]+)*[\\/]([\w.@+~-]+)`), "/$1"},
	{regexp.MustCompile(`0[xX][0-9a-fA-F]+`), "<n>"},
	{regexp.MustCompile(`\b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*)\b`), "<id>"},
	{regexp.MustCompile(`\d+(?:[.,:]\d+)*(?:\s?(?:ns|µs|us|ms|s|m|h|MB|KB|kB|B|GB|%)\b)?`), "<n>"},
}

// Normalize is what two lines have in common that tell of the same: numbers, times, addresses, the folders of paths and
// the width of blanks do not count.
func Normalize(text string) string {
	for _, v := range variable {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	return strings.Join(strings.Fields(text), " ")
}

// printVersion is a part of every fingerprint: change it where lines are normalized or chosen otherwise.
const printVersion = "1"

const printBytes = 8

// print is the fingerprint of the cause: of what tells something around the lines that tell most, whatever their order,
// for tests run side by side.
func (x *Extractor) print() (fingerprint string, isWeak bool) {
	heaviest := 0
	for _, b := range x.blocks {
		heaviest = max(heaviest, b.weight)
	}
	var lines []string
	for _, b := range x.blocks {
		for _, l := range b.lines {
			if b.weight == heaviest && l.Weight >= min(heaviest, telling) && l.Weight > 0 {
				lines = append(lines, Normalize(l.Text))
			}
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) == 0 {
		return "", true
	}
	return Fingerprint(lines[:min(len(lines), mostGround)]...), heaviest <= weak
}

// Fingerprint names a cause by the lines that tell of it.
func Fingerprint(lines ...string) string {
	sum := sha256.Sum256([]byte(printVersion + "\x00" + strings.Join(lines, "\x00")))
	return hex.EncodeToString(sum[:printBytes])
}
