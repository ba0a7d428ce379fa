package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"hls/internal/app"
	"hls/internal/config"
)

type checkCmd struct {
	Schema bool   `help:"Print a JSON Schema of the settings file, for editors, and check nothing."`
	Online bool   `help:"Also ask GitHub and Anthropic whether the tokens and the model work."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls check --help.
func (checkCmd) Help() string {
	return "Example:\n  hls check\n  hls check --online --output json\n  hls check --schema > settings.schema.json\n\n" +
		"Exit code 0 means that hls serve would start, once the address is free: that another process has it now is a warning. " +
		"Exit code 2 means problems, printed one a line as file:line:col: message."
}

// finding is one line of the report.
type finding struct {
	Place   string `json:"place"` // file:line:col
	Message string `json:"message"`
	Warning bool   `json:"warning"`
	Remedy  string `json:"remedy,omitempty"`
}

// Run checks the settings, every template against sample events and, with --online, the doors.
func (k checkCmd) Run(c *call) error {
	if k.Schema {
		_, err := c.io.out.Write(config.Schema())
		return err
	}
	findings := k.findings(c)
	if err := k.print(c, findings); err != nil {
		return err
	}
	problems := 0
	for _, f := range findings {
		if !f.Warning {
			problems++
		}
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: 1 problem", app.ErrSettings)
	default:
		return fmt.Errorf("%w: %d problems", app.ErrSettings, problems)
	}
}

func (k checkCmd) findings(c *call) []finding {
	settings, err := config.Load(c.config, config.Options{Need: config.NeedAll})
	if err != nil {
		return unloadable(c.config, err)
	}
	findings := []finding{}
	for _, f := range app.Check(c.ctx, settings, k.Online) {
		findings = append(findings, finding{f.Place(), f.Text(), f.Warning, f.Remedy})
	}
	return findings
}

func unloadable(path string, err error) []finding {
	var problems *config.Problems
	if !errors.As(err, &problems) {
		return []finding{{Place: path, Message: err.Error()}}
	}
	findings := make([]finding, 0, len(problems.List))
	for _, p := range problems.List {
		findings = append(findings, finding{Place: p.Place(), Message: p.Text()})
	}
	return findings
}

func (k checkCmd) print(c *call, findings []finding) error {
	if k.Output == "json" {
		encoder := json.NewEncoder(c.io.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"findings": findings})
	}
	for _, f := range findings {
		kind := ""
		if f.Warning {
			kind = "warning: "
		}
		fmt.Fprintf(c.io.out, "%s: %s%s\n", f.Place, kind, f.Message)
	}
	if len(findings) == 0 {
		fmt.Fprintf(c.io.out, "%s: fine\n", c.config)
	}
	return nil
}
