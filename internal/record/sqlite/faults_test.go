package sqlite

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"hls/internal/record/sqlite/disk"
)

// faults tells whether the long runs are wanted.
func faults() bool { return os.Getenv("HLS_FAULTS") == "1" }

// row is one line of the table that make test-faults prints.
type row struct {
	Case    string `json:"case"`
	Runs    int    `json:"runs"`
	Losses  int    `json:"losses"`
	Doubles int    `json:"doubles"`
	Control bool   `json:"control,omitempty"` // it has to lose something
}

// report logs a row, and adds it to the file that HLS_FAULTS_REPORT names.
func report(t testing.TB, r row) {
	t.Helper()
	line, err := json.Marshal(r)
	must(t, err)
	t.Logf("%s", line)
	path := os.Getenv("HLS_FAULTS_REPORT")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.Write(append(line, '\n'))
	must(t, err)
	must(t, f.Close())
}

// proves reports a case when its test has ended, with a loss if it failed.
func proves(t testing.TB, name string, runs int) {
	t.Cleanup(func() {
		r := row{Case: name, Runs: runs}
		if t.Failed() {
			r.Losses = 1
		}
		report(t, r)
	})
}

// machine is SQLite's way to files in these tests. Only files in the folder of a disk of its are treated specially.
var machine = sync.OnceValues(disk.Install)

func newDisk(t testing.TB, dir string, seed uint64) *disk.Disk {
	t.Helper()
	m, err := machine()
	must(t, err)
	d, err := m.Disk(dir, seed)
	must(t, err)
	t.Cleanup(func() { m.Remove(d) })
	return d
}
