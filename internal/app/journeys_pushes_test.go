package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// pushSteps are the steps of journeys about pull requests that are reviewed more than once.
var pushSteps = map[string]func(*journey, []string){
	"force": func(j *journey, w []string) { j.github.PushForced(widgets, number(j.t, w[0]), j.changed(w[1])) },
	"merge": func(j *journey, w []string) {
		j.github.PushMerge(widgets, number(j.t, w[0]), j.changed(w[1]), j.changed(w[2]))
	},
	"asked":   (*journey).asked,
	"pushing": (*journey).pushing,
}

// changed are the files of a pull request, or of a comparison, that a file of the journey lists.
func (j *journey) changed(name string) []hls.File {
	j.t.Helper()
	var files []hls.File
	if err := json.Unmarshal([]byte(j.file(name)), &files); err != nil {
		j.t.Fatal(err)
	}
	return files
}

// asked notes how often Claude was asked, and what it was shown of the diff and of earlier findings the last time.
func (j *journey) asked([]string) {
	j.settle(nil)
	calls := j.claude.Calls()
	fmt.Fprintf(&j.got, "calls of Claude: %d, the last about:\n", len(calls))
	shown := false
	for line := range strings.SplitSeq(calls[len(calls)-1].User, "\n") {
		piece, opens := strings.CutPrefix(line, "<<<DATA ")
		_, title, _ := strings.Cut(piece, " ")
		switch {
		case opens:
			if shown = title == "diff" || strings.Contains(title, "review") || strings.HasPrefix(title, "open finding"); shown {
				fmt.Fprintf(&j.got, "  [%s]\n", title)
			}
		case strings.HasPrefix(line, "DATA "):
			shown = false
		case shown:
			fmt.Fprintf(&j.got, "  %s\n", strings.TrimRight(line, " "))
		}
	}
}

// pushing #N FILES ANSWER pushes while Claude is asked for the first time from now on.
func (j *journey) pushing(w []string) {
	files, answer := j.changed(w[1]), j.file(w[2])
	var once sync.Once
	j.claude.SetAnswer(func(simulate.Request) string {
		once.Do(func() { j.github.Push(widgets, number(j.t, w[0]), files) })
		return answer
	})
}
