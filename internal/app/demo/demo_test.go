package demo_test

import (
	"os"
	"strings"
	"testing"

	"hls/internal/app/demo"
)

// The log goes with the demo, unless something went wrong and it is kept.
func TestKeptLogOutlivesTheDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	running, err := demo.Start(t.Context(), demo.Config{Version: "test", Tell: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := running.KeepLog()
	running.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(kept); err != nil || !strings.Contains(string(text), "listening") {
		t.Errorf("kept %q, %v", text, err)
	}
	if _, err := os.Stat(running.LogFile()); err == nil {
		t.Error("the folder is still there")
	}
}
