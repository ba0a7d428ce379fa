package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

const referenceHead = `# Commands of the command line

Made from the commands themselves by ` + "`go test ./cmd/hls -run Reference -update`" + `. Every example works beside a running
` + "`hls demo`" + `, once ` + "`export HLS_CONFIG=…`" + ` of its last lines is pasted; a test runs them all.

- **Settings** are ` + "`config/settings.yaml`" + ` unless ` + "`--config`" + ` or ` + "`HLS_CONFIG`" + ` names others.
- **Exit codes**: 0 done, 1 failed, 2 wrong usage or configuration.
- **Output** is text for people, and with ` + "`--output json`" + ` JSON for programs. Progress, warnings and logs go to standard error.
- **On a terminal** long work shows how far it is and about how long it will take; ` + "`NO_COLOR`" + ` takes the colors away.
- **Completion**: ` + "`source <(hls completion bash)`" + `; zsh and fish have theirs.
- While the service runs, commands that work on its record ask it, with ` + "`server.admin_token`" + `.
`

// docs/cli.md is what --help tells.
func TestReferenceIsFresh(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&commands{}, streams{strings.NewReader(""), io.Discard, io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString(referenceHead)
	for _, command := range parser.Model.Leaves(true) {
		refer(&text, command)
	}
	const path = "../../docs/cli.md"
	if *updateTrials {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil { //nolint:gosec // A page of the documentation.
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != text.String() {
		t.Errorf("docs/cli.md is stale: run go test ./cmd/hls -run Reference -update (%v)", err)
	}
}

func refer(w io.Writer, command *kong.Node) {
	lines := examples(command)
	fmt.Fprintf(w, "\n## `%s`\n\n%s\n\n```sh\n%s\n```\n", command.FullPath(), command.Help, strings.Join(lines, "\n"))
	if _, rest, ok := strings.Cut(command.Detail, "\n\n"); ok {
		fmt.Fprintf(w, "\n%s\n", rest)
	}
	fmt.Fprint(w, "\n| | |\n| --- | --- |\n")
	for _, p := range command.Positional {
		fmt.Fprintf(w, "| `%s` | %s |\n", p.Summary(), cellOf(p.Help))
	}
	for _, f := range command.Flags {
		if f.Name != "help" {
			fmt.Fprintf(w, "| `%s` | %s |\n", cellOf(f.Summary()), cellOf(f.Help))
		}
	}
}

func cellOf(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
