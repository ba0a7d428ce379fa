package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"hls/internal/app"
	"hls/internal/config"
)

type backupCmd struct {
	Path   string `arg:"" help:"File to write. One that exists is not overwritten."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls backup --help.
func (backupCmd) Help() string {
	return "Example:\n  hls backup hls-backup.db\n\n" +
		"Copies an SQLite database as it is at one moment, whole and compact, while the service goes on. Run it on the machine and " +
		"as the user of the service. The copy is readable by its owner alone: it holds what people wrote. To restore it, stop the " +
		"service, put the copy in the place of the database, remove the files beside it that end in -wal and -shm, and start. A " +
		"PostgreSQL database is backed up with pg_dump: docs/operating.md."
}

// Run writes the copy.
func (k backupCmd) Run(c *call) error {
	settings, err := config.Load(c.config, config.Options{Need: config.NeedStorage})
	if err != nil {
		return err
	}
	began := time.Now()
	show := c.progress("copying", 0)
	err = app.Backup(c.ctx, settings, k.Path)
	show.end()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s is there already; name a file that is not", errUsage, k.Path)
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(k.Path)
	if err != nil {
		return err
	}
	if k.Output == "json" {
		return printJSON(c.io.out, map[string]any{"path": k.Path, "bytes": info.Size(), "seconds": time.Since(began).Seconds()})
	}
	_, err = fmt.Fprintf(c.io.out, "%s: %d bytes in %s\n", k.Path, info.Size(), time.Since(began).Round(time.Millisecond))
	return err
}
