package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/simulate"
)

// The original Python service's own example settings, as they stand, and its prompt end with an issue triaged. The test
// points the doors at stand-ins, which is all that it changes (docs/migration.md).
func TestTheOriginalsSettingsAndPromptsTriageAnIssue(t *testing.T) {
	for name, prompts := range map[string]string{"built-in prompts": "", "the original's prompts": "prompts:\n  base_dir: prompts\n"} {
		t.Run(name, func(t *testing.T) {
			original, err := filepath.Abs("testdata/original")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			t.Chdir(dir)
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GITHUB_TOKEN", "github-token")
			t.Setenv("GITHUB_WEBHOOK_SECRET", secret)
			t.Setenv("ANTHROPIC_API_KEY", "anthropic-key")
			addTo(t, "settings.yaml", prompts)
			gh, cl, url := serveOriginal(t)
			code, answer := send(t, url, simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(repo, 1, "opened", "mona", nil)})
			if code != http.StatusAccepted {
				t.Fatalf("%d %v", code, answer)
			}
			eventually(t, func() bool { return len(gh.Labels(repo, 1)) > 0 })
			if labels := gh.Labels(repo, 1); len(labels) != 1 || labels[0] != "bug" {
				t.Errorf("labels %v", labels)
			}
			own := strings.Contains(cl.Calls()[0].User, "Please analyze this issue and provide:")
			if want := prompts != ""; own != want {
				t.Errorf("the original's prompt was sent: %v", own)
			}
		})
	}
}

func addTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// serveOriginal runs the service by settings.yaml, with stand-ins behind its doors and a free port before it.
func serveOriginal(t *testing.T) (*simulate.GitHub, *simulate.Claude, string) {
	t.Helper()
	gh, cl, pointed := world(t, 0)
	settings, err := config.Load("settings.yaml", config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(pointed) {
		address, ok := strings.CutPrefix(strings.TrimSpace(line), "base_url: ")
		switch {
		case ok && settings.GitHub.BaseURL == config.Default().GitHub.BaseURL:
			settings.GitHub.BaseURL = address
		case ok:
			settings.Claude.BaseURL = address
		}
	}
	settings.Processing.Debounce = 0 // Ten seconds would be waited for more events.
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), settings, app.Options{Version: "test", LogTo: t.Output(), Listener: listener})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return gh, cl, "http://" + listener.Addr().String()
}
