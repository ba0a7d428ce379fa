package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"hls/internal/app"
	"hls/internal/config"
)

// The exit codes of every command.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the command line. A new command is a field here and a file beside this one.
type commands struct {
	Config string `help:"Settings file (default: ${defaultConfig})." env:"HLS_CONFIG" placeholder:"PATH"`

	Init       initCmd       `cmd:"" help:"Write settings, after a few questions or by flags."`
	Serve      serveCmd      `cmd:"" help:"Run the service."`
	Demo       demoCmd       `cmd:"" help:"Run the whole service against stand-ins, with no account and no key."`
	Check      checkCmd      `cmd:"" help:"Validate the settings and the templates."`
	Doctor     doctorCmd     `cmd:"" help:"Find out what is wrong around HLS, and what to do about it."`
	Render     renderCmd     `cmd:"" help:"Print the exact prompt that would be sent for an event."`
	Deliveries deliveriesCmd `cmd:"" help:"Read the log of deliveries, and have some worked on again."`
	Effects    effectsCmd    `cmd:"" help:"Read what is written to GitHub, and decide about what waits for approval."`
	Undo       undoCmd       `cmd:"" help:"Take back what HLS did, unless people have touched it since."`
	Audit      auditCmd      `cmd:"" help:"Export and verify the log of all decisions and effects."`
	Why        whyCmd        `cmd:"" help:"Tell what was done about an issue or pull request, and why."`
	Hooks      hooksCmd      `cmd:"" help:"Create webhooks, and take in deliveries that never came."`
	Labels     labelsCmd     `cmd:"" help:"Create the labels that the settings name, and tell what people make of them."`
	Sweep      sweepCmd      `cmd:"" help:"Work on open issues and pull requests that no event has told of."`
	Analyze    analyzeCmd    `cmd:"" help:"Look at one issue or pull request now, without a webhook."`
	Backtest   backtestCmd   `cmd:"" help:"Hold triage against what maintainers made of past issues."`
	Attack     attackCmd     `cmd:"" help:"Try what texts of strangers can make HLS do, by these settings."`
	Backup     backupCmd     `cmd:"" help:"Copy the database, also while the service runs."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the schema of the database up to date."`
	Completion completionCmd `cmd:"" help:"Print a script that lets a shell complete the commands."`
	Complete   completeCmd   `cmd:"" hidden:"" help:"Tell what the words of a command line may become."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// call is what every command is given.
type call struct {
	ctx     context.Context
	io      streams
	config  string
	unnamed bool // config is the default: nobody asked for that file
}

// errUsage marks errors that mean wrong usage or configuration: exit code 2.
var errUsage = errors.New("wrong usage")

// run is main with its world as arguments; it returns the exit code.
func run(ctx context.Context, args []string, io streams) int {
	var cmds commands
	exited := -1
	parser, err := newParser(&cmds, io, func(code int) { exited = code })
	if err != nil {
		fmt.Fprintln(io.err, "hls:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.err, "hls: %v\nTry: hls --help\n", err)
		return exitUsage
	}
	c := &call{ctx: ctx, io: io, config: cmp.Or(cmds.Config, config.DefaultPath), unnamed: cmds.Config == ""}
	return exitCode(io.err, parsed.Run(c))
}

func newParser(cmds *commands, io streams, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(cmds,
		kong.Name("hls"),
		kong.Description("Receives GitHub webhooks, asks Claude about them, and acts on GitHub."),
		kong.Writers(io.out, io.err),
		kong.Exit(exit),
		kong.UsageOnError(),
		kong.Vars{"defaultConfig": config.DefaultPath},
	)
	if err == nil {
		exampled(parser.Model.Node)
	}
	return parser, err
}

// exampled gives each command that only gathers others their examples: the first of each.
func exampled(node *kong.Node) {
	for _, child := range node.Children {
		exampled(child)
	}
	if node.Parent == nil || node.Leaf() {
		return
	}
	text := "Example:"
	for _, child := range node.Leaves(true) {
		if lines := examples(child); len(lines) > 0 {
			text += "\n  " + lines[0]
		}
	}
	node.Detail = text
}

// examples are the lines of a command's help that can be pasted.
func examples(node *kong.Node) []string {
	rest, ok := strings.CutPrefix(node.Detail, "Example:\n")
	if !ok {
		return nil
	}
	rest, _, _ = strings.Cut(rest, "\n\n")
	var lines []string
	for line := range strings.Lines(rest) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	var problems *config.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(stderr, problems)
		return exitUsage
	}
	fmt.Fprintln(stderr, "hls:", plain(err.Error()))
	if errors.Is(err, errUsage) || errors.Is(err, app.ErrSettings) || errors.Is(err, os.ErrNotExist) {
		return exitUsage
	}
	return exitFailed
}
