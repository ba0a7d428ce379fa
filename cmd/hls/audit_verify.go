package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

type auditVerifyCmd struct {
	reach
	Head   string `help:"A hash that was noted before: an entry has to have it." placeholder:"HASH"`
	File   string `arg:"" optional:"" help:"File that hls audit export wrote, - for standard input (default: the database)."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls audit verify --help.
func (auditVerifyCmd) Help() string {
	return "Example:\n  hls audit verify\n  hls audit verify audit.jsonl\n\n" +
		"The exit code is 1 when an entry was changed, removed, added or moved. Without --head it cannot be told whether entries " +
		"were cut off at the end: hls audit export tells the hash to keep."
}

// Run holds the log against itself.
func (k auditVerifyCmd) Run(c *call) error {
	var seek *hls.Digest
	if k.Head != "" {
		seek = &hls.Digest{}
		if err := seek.UnmarshalText([]byte(k.Head)); err != nil {
			return fmt.Errorf("%w: --head: %w", errUsage, err)
		}
	}
	report, err := k.verify(c, seek)
	if k.File == "" && errors.Is(err, record.ErrTampered) { // Retention may have cut the log between two pages.
		report, err = k.verify(c, seek)
	}
	switch {
	case err != nil:
		return err
	case k.Output == "json":
		return printJSON(c.io.out, report)
	}
	printChain(c.io.out, report)
	return nil
}

func (k auditVerifyCmd) verify(c *call, seek *hls.Digest) (record.ChainReport, error) {
	chain := record.NewChain(seek)
	if err := k.feed(c, chain); err != nil {
		return record.ChainReport{}, err
	}
	return chain.End(k.File == "")
}

// feed has the chain take all entries.
func (k auditVerifyCmd) feed(c *call, chain *record.Chain) error {
	switch k.File {
	case "":
		log, done, err := k.audit(c)
		if err != nil {
			return err
		}
		defer done()
		_, err = walk(c, log, time.Time{}, chain.Next)
		return err
	case "-":
		return readEntries(c.io.in, chain.Next)
	}
	file, err := os.Open(k.File)
	if err != nil {
		return err
	}
	return errors.Join(readEntries(file, chain.Next), file.Close())
}

// readEntries reads what hls audit export wrote. Each line must be as it was written: what a person reads in it is then what
// the hash is of.
func readEntries(r io.Reader, take func(hls.AuditEntry) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		var e hls.AuditEntry
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return fmt.Errorf("line %d is no entry of an audit log: %w", n, err)
		}
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if !bytes.Equal(line, in.Bytes()) {
			return fmt.Errorf("%w: line %d is not as hls audit export writes it", record.ErrTampered, n)
		}
		if err := take(e); err != nil {
			return err
		}
	}
	return in.Err()
}

func printChain(w io.Writer, r record.ChainReport) {
	if r.Entries == 0 {
		fmt.Fprintln(w, "the audit log is empty")
		return
	}
	fmt.Fprintf(w, "%d entries, from %d of %s to %d of %s: each is what was written\n", r.Entries, r.First, told(r.Since), r.Last, told(r.Until))
	switch {
	case r.Cut:
		fmt.Fprintf(w, "those before %d were taken by storage.retention.audit, and an entry says so\n", r.First)
	case r.First > 1:
		fmt.Fprintf(w, "those before %d are not in this file; it follows on %s\n", r.First, r.Prev)
	}
	fmt.Fprintf(w, "hash of the last one  %s\n", r.Head)
}
