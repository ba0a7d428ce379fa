package main

import (
	"errors"
	"fmt"
	"os"

	"hls/internal/app/demo"
	"hls/internal/hls"
)

type demoCmd struct {
	Once   bool   `help:"Exit after the last delivery: with 0 when every one ended as it should."`
	Claude string `help:"Who answers: simulated (default), or live, the real Claude, which needs ANTHROPIC_API_KEY." enum:"simulated,live" default:"simulated" placeholder:"simulated|live"`
	Port   int    `help:"Port of the service on loopback; 0 takes a free one." default:"0"`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls demo --help.
func (demoCmd) Help() string {
	return "Example:\n  hls demo --once\n\n" +
		"Without --once it stays, with the dashboard, and tells how other commands reach it: every example in their help works with " +
		"it. With an Anthropic key in ANTHROPIC_API_KEY, --claude live asks the real Claude. GitHub is always simulated: nothing leaves this machine but, with --claude live, the questions to Claude."
}

var errDemo = errors.New("not every delivery ended as it should")

// Run plays the recorded deliveries and shows what became of them.
func (d demoCmd) Run(c *call) error {
	cfg := demo.Config{Version: release, Port: d.Port, Tell: func(format string, args ...any) {
		fmt.Fprintf(c.io.err, format+"\n", args...)
	}}
	if d.Claude == "live" {
		if cfg.LiveKey = hls.Secret(os.Getenv("ANTHROPIC_API_KEY")); cfg.LiveKey == "" {
			return fmt.Errorf("%w: --claude live needs ANTHROPIC_API_KEY", errUsage)
		}
		cfg.BaseURL = os.Getenv("ANTHROPIC_BASE_URL")
	}
	running, err := demo.Start(c.ctx, cfg)
	if err != nil {
		return err
	}
	defer running.Stop()
	cfg.Tell("GitHub is simulated, Claude is %s. HLS answers at %s.\n", d.Claude, running.URL())
	results, err := running.Deliver(c.ctx)
	if err != nil {
		return errors.Join(err, keepLog(c, running))
	}
	wrong := running.Misses(results)
	if err := d.report(c, running, results); err != nil {
		return err
	}
	if !d.Once {
		fmt.Fprintf(c.io.err, "\nStill running: the dashboard is at %s/ui/; %s/health, %s/stats, %s/api/v1/deliveries. Its log is %s until Ctrl-C ends it.\n"+
			"\nIn another terminal, so that the other commands work with it:\n\n  export HLS_CONFIG=%s\n  hls deliveries list\n",
			running.URL(), running.URL(), running.URL(), running.URL(), running.LogFile(), running.SettingsFile())
		<-c.ctx.Done()
	}
	if len(wrong) > 0 {
		return errors.Join(errDemo, keepLog(c, running))
	}
	return nil
}

// keepLog leaves the log behind: something went wrong.
func keepLog(c *call, running *demo.Demo) error {
	path, err := running.KeepLog()
	if err == nil {
		fmt.Fprintln(c.io.err, "The log is kept in", path)
	}
	return err
}

func (d demoCmd) report(c *call, running *demo.Demo, results []demo.Result) error {
	if d.Output == "json" {
		return running.JSON(c.io.out, results)
	}
	fmt.Fprintln(c.io.out)
	if err := demo.Table(c.io.out, results); err != nil {
		return err
	}
	fmt.Fprintln(c.io.out, "\nWhat it would look like on GitHub (simulated):")
	running.Show(c.io.out)
	wrong := running.Misses(results)
	fmt.Fprintf(c.io.out, "\n%d deliveries, %d not as they should be\n", len(results), len(wrong))
	for _, w := range wrong {
		fmt.Fprintln(c.io.out, "  "+w)
	}
	return nil
}
