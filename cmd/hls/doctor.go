package main

import (
	"errors"
	"fmt"
	"strings"

	"hls/internal/app"
	"hls/internal/config"
)

type doctorCmd struct {
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls doctor --help.
func (doctorCmd) Help() string {
	return "Example:\n  hls doctor\n  hls doctor --output json\n\n" +
		"Looks at all that hls check --online does, and besides at the webhooks (address, secret, events, newest deliveries), the " +
		"permissions of the token or App, missing labels, the clock, the limits, the disk, the schema, and whether the service " +
		"runs. It changes nothing. Each finding comes with one thing to do about it. The exit code is 1 when something is wrong; " +
		"what is only worth knowing is a warning and leaves it at 0."
}

// examined is what one examination came to, as it is printed.
type examined struct {
	Name     string    `json:"name"`
	Told     string    `json:"told,omitempty"`
	Findings []finding `json:"findings"`
}

var errFindings = errors.New("something is wrong")

// Run examines.
func (k doctorCmd) Run(c *call) error {
	var all []examined
	settings, err := config.Load(c.config, config.Options{})
	if err != nil {
		all = []examined{{Name: "settings", Findings: unloadable(c.config, err)}}
	} else {
		all = seen(app.Doctor(c.ctx, settings))
	}
	problems, warnings := 0, 0
	for _, e := range all {
		for _, f := range e.Findings {
			if f.Warning {
				warnings++
			} else {
				problems++
			}
		}
	}
	if k.Output == "json" {
		err = printJSON(c.io.out, map[string]any{"examinations": all, "problems": problems, "warnings": warnings})
	} else {
		err = k.print(c, all, fmt.Sprintf("%d problems, %d warnings", problems, warnings))
	}
	if err == nil && problems > 0 {
		err = errFindings
	}
	return err
}

func seen(list []app.Examined) []examined {
	out := make([]examined, 0, len(list))
	for _, e := range list {
		one := examined{Name: e.Name, Told: e.Told, Findings: []finding{}}
		for _, f := range e.Findings {
			one.Findings = append(one.Findings, finding{f.Place(), f.Text(), f.Warning, f.Remedy})
		}
		out = append(out, one)
	}
	return out
}

func (k doctorCmd) print(c *call, all []examined, summary string) error {
	ink := c.ink()
	for _, e := range all {
		mark := ink.good("ok  ")
		for _, f := range e.Findings {
			if mark = ink.bad("FAIL"); f.Warning {
				mark = ink.doubtful("warn")
				continue
			}
			break
		}
		fmt.Fprintln(c.io.out, strings.TrimSpace(fmt.Sprintf("%s  %-12s  %s", mark, e.Name, plain(e.Told))))
		for _, f := range e.Findings {
			fmt.Fprintf(c.io.out, "        %s: %s\n", plain(f.Place), plain(f.Message))
			if f.Remedy != "" {
				fmt.Fprintf(c.io.out, "        -> %s\n", plain(f.Remedy))
			}
		}
	}
	_, err := fmt.Fprintln(c.io.out, summary)
	return err
}
