package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// commit is set by the linker.
var commit string //nolint:gochecknoglobals // The linker can set nothing else.

// release is the version, which the linker sets where a tag makes one.
var release = "0.1.0-dev" //nolint:gochecknoglobals // The linker can set nothing else.

type versionCmd struct {
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls version --help.
func (versionCmd) Help() string { return "Example:\n  hls version --output json" }

// Run prints version, commit and Go version.
func (v versionCmd) Run(c *call) error {
	if v.Output == "json" {
		return json.NewEncoder(c.io.out).Encode(map[string]string{"version": release, "commit": revision(), "go": runtime.Version()})
	}
	_, err := fmt.Fprintf(c.io.out, "hls %s (commit %s, %s)\n", release, revision(), runtime.Version())
	return err
}

func revision() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
