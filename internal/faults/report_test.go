package faults_test

import (
	"encoding/json"
	"os"

	"hls/internal/history"
)

// report adds a line to the file that HLS_FAULTS_REPORT names: what became of runs of a case.
func (w *world) report(name string, runs int, v history.Verdict) {
	t := w.t
	t.Helper()
	name = w.backend.name + ": " + name
	t.Logf("%s: %d runs, %d losses, %d doubles, %d unknown, %d parked", name, runs, v.Losses(), v.Doubles(), v.Unknown, v.Parked)
	path := os.Getenv("HLS_FAULTS_REPORT")
	if path == "" {
		return
	}
	line, err := json.Marshal(map[string]any{"case": name, "runs": runs, "losses": v.Losses(), "doubles": v.Doubles()})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
