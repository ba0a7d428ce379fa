package main

import (
	"errors"
	"fmt"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/record"
)

type migrateCmd struct {
	Check  bool   `help:"Only tell: the exit code is 1 when the schema is not up to date."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls migrate --help.
func (migrateCmd) Help() string {
	return "Example:\n  hls migrate\n  hls migrate --check --output json\n\n" +
		"hls serve does so too as it starts. By hand it is for those who want to see it done before: take a backup, then migrate, " +
		"then start. A schema that is newer than this program is left alone."
}

var errOutdated = errors.New("the schema is not up to date: run hls migrate")

// Run brings the schema up to date, or tells whether it is.
func (k migrateCmd) Run(c *call) error {
	settings, err := config.Load(c.config, config.Options{Need: config.NeedStorage})
	if err != nil {
		return err
	}
	before, err := app.Schema(c.ctx, settings)
	if err != nil {
		return err
	}
	if before.Have > before.Want {
		return fmt.Errorf("%w: it is at %d, this program knows up to %d", record.ErrNewerSchema, before.Have, before.Want)
	}
	done := before.Have < before.Want && !k.Check
	if done {
		if err := app.Migrate(c.ctx, settings); err != nil {
			return err
		}
	}
	if err := k.print(c, before, done); err != nil {
		return err
	}
	if k.Check && before.Have < before.Want {
		return errOutdated
	}
	return nil
}

func (k migrateCmd) print(c *call, before app.SchemaVersion, done bool) error {
	if k.Output == "json" {
		return printJSON(c.io.out, map[string]any{"have": before.Have, "want": before.Want, "migrated": done})
	}
	text := fmt.Sprintf("the schema is up to date (%d)\n", before.Want)
	switch {
	case done:
		text = fmt.Sprintf("migrated from %d to %d\n", before.Have, before.Want)
	case before.Have < before.Want:
		text = fmt.Sprintf("the schema is at %d of %d\n", before.Have, before.Want)
	}
	_, err := fmt.Fprint(c.io.out, text)
	return err
}
