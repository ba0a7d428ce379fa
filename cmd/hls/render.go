package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"hls/internal/app"
	"hls/internal/config"
)

type renderCmd struct {
	Event   string `arg:"" help:"The event as the settings name it: issues.opened."`
	Payload string `help:"File with the event's payload; - is standard input." required:"" placeholder:"FILE"`
	Output  string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls render --help.
func (renderCmd) Help() string {
	return "Example:\n  hls render issues.opened --payload internal/prompt/samples/issues.opened.json\n\n" +
		"Nothing is fetched: comments, diffs and the repository's labels appear only as far as the payload has them."
}

// maxPayload is GitHub's own cap on a payload.
const maxPayload = 25 << 20

// Run prints the system part and the user part of the prompt.
func (r renderCmd) Run(c *call) error {
	settings, err := config.Load(c.config, config.Options{Need: config.NeedNothing, Optional: c.unnamed})
	if err != nil {
		return err
	}
	payload, err := readPayload(r.Payload, c.io.in)
	if err != nil {
		return fmt.Errorf("%w: --payload: %w", errUsage, err)
	}
	event, action, _ := strings.Cut(r.Event, ".")
	rendered, err := app.Render(c.ctx, settings, app.Sample{Event: event, Action: action, Payload: payload})
	if err != nil {
		return fmt.Errorf("render %s: %w", r.Event, err)
	}
	if r.Output == "json" {
		encoder := json.NewEncoder(c.io.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"template": rendered.Template, "hash": rendered.Hash,
			"system": rendered.System, "user": rendered.User, "schema": rendered.Schema})
	}
	_, err = fmt.Fprintf(c.io.out, "--- system\n%s\n--- user (%s)\n%s\n", rendered.System, rendered.Template, rendered.User)
	return err
}

func readPayload(path string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, maxPayload+1))
	if err == nil && len(data) > maxPayload {
		err = errors.New("larger than GitHub's 25 MB")
	}
	return data, err
}
