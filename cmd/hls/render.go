package main

import (
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
	Payload string `help:"File with the event's payload; - is standard input (default: a sample of the event that HLS knows)." placeholder:"FILE"`
	Output  string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls render --help.
func (renderCmd) Help() string {
	return "Example:\n  hls render issues.opened\n  hls render pull_request.opened --output json\n\n" +
		"With --payload it is the prompt for a delivery of your own, as GitHub's page of a webhook shows it. " +
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
	payload, err := r.payload(c)
	if err != nil {
		return fmt.Errorf("%w: --payload: %w", errUsage, err)
	}
	event, action, _ := strings.Cut(r.Event, ".")
	rendered, err := app.Render(c.ctx, settings, app.Sample{Event: event, Action: action, Payload: payload})
	if err != nil {
		return fmt.Errorf("render %s: %w", r.Event, err)
	}
	if r.Output == "json" {
		return printJSON(c.io.out, map[string]any{"template": rendered.Template, "hash": rendered.Hash,
			"system": rendered.System, "user": rendered.User, "schema": rendered.Schema})
	}
	_, err = fmt.Fprintf(c.io.out, "--- system\n%s\n--- user (%s)\n%s\n", plain(rendered.System), cell(rendered.Template), plain(rendered.User))
	return err
}

func (r renderCmd) payload(c *call) ([]byte, error) {
	if r.Payload != "" {
		return readPayload(r.Payload, c.io.in)
	}
	body, known := app.SampleOf(r.Event)
	if !known {
		return nil, fmt.Errorf("there is no sample of %s; name a file. There are samples of %s", r.Event, strings.Join(app.Samples(), ", "))
	}
	return body, nil
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
