package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hls/internal/hls"
)

type auditExportCmd struct {
	reach
	Since  string `help:"Only entries from then on: a time, a day, or how long ago." placeholder:"TIME|DURATION"`
	Output string `help:"File to write, - for standard output (default: -)." default:"-" placeholder:"PATH"`
}

// Help is shown by hls audit export --help.
func (auditExportCmd) Help() string {
	return "Example:\n  hls audit export --output audit.jsonl\n  hls audit export --since 72h\n\n" +
		"Each line is an entry as JSON. The hash of the last one is told on standard error: keep it apart, and hls audit verify " +
		"--head HASH finds out later whether anything up to there was changed or cut off. A file that exists is not overwritten."
}

// Run writes the log.
func (k auditExportCmd) Run(c *call) (err error) {
	since, err := sinceTime(k.Since, time.Now())
	if err != nil {
		return err
	}
	log, done, err := k.audit(c)
	if err != nil {
		return err
	}
	defer done()
	to := c.io.out
	if k.Output != "-" {
		file, err := os.OpenFile(k.Output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%w: --output: %w", errUsage, err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		to = file
	}
	out := bufio.NewWriter(to)
	n := 0
	head, err := walk(c.besides(to), log, since, func(e hls.AuditEntry) error {
		n++
		return printEntry(out, e)
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return usage(err)
	}
	fmt.Fprintf(c.io.err, "%d entries; the last one is %d, with the hash %s\n", n, head.Seq, head.Hash)
	return nil
}

// printEntry writes an entry as its line.
func printEntry(w io.Writer, e hls.AuditEntry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
