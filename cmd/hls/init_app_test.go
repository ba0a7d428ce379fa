package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// shownPage is the address of the page that leads a browser to GitHub.
var shownPage = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// makingApp is hls init --app while it runs: what it says, and how it ends.
func makingApp(ctx context.Context, hub string, args ...string) (said *lines, ended chan int) {
	said, ended = &lines{}, make(chan int, 1)
	args = append([]string{"init", "--app", "--repo", "acme/widget", "--public-url", "https://hls.example.com", "--github-url", hub}, args...)
	go func() { ended <- run(ctx, args, streams{strings.NewReader(""), said, said}) }()
	return said, ended
}

// hubForApps is a GitHub that makes Apps.
func hubForApps(t *testing.T) (hub string) {
	t.Helper()
	gh := simulate.NewGitHub(simulate.GitHubConfig{Token: "nobody has it"})
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/widget", Labels: []hls.Label{{Name: "bug"}}})
	hub, stop := gh.Start()
	t.Cleanup(stop)
	return hub
}

// GitHub shows the secrets of an App once: init asks for one when it knows that it can keep them.
func TestInitMakesNoAppThatItCannotKeep(t *testing.T) {
	bare(t)
	hub := hubForApps(t)
	err := errors.Join(os.Mkdir("quoted", 0o700), os.WriteFile("quoted/.env", []byte("OTHER=\"it's\"\n"), 0o600),
		os.MkdirAll("taken/settings.yaml", 0o700), os.MkdirAll("key/app.private-key.pem", 0o700))
	if err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"the value of OTHER has a quote":                "quoted/settings.yaml",
		"write taken/settings.yaml: it is a folder":     "taken/settings.yaml",
		"write key/app.private-key.pem: it is a folder": "key/settings.yaml",
	} {
		ctx, stop := context.WithCancel(t.Context())
		said, ended := makingApp(ctx, hub, "--force", "--out", path)
		eventually(t, func() bool { return len(ended) == 1 || shownPage.MatchString(said.String()) })
		stop()
		if code := <-ended; code != exitFailed || shownPage.MatchString(said.String()) || !strings.Contains(said.String(), want) {
			t.Errorf("%s: %d, want %q\n%s", path, code, want, said)
		}
	}
	if there, _ := filepath.Glob("*/*"); len(there) != 3 {
		t.Errorf("there is %v", there)
	}
}

// Where they cannot be kept in the end, it tells of the App that is there now.
func TestInitTellsOfAnAppThatItCouldNotKeep(t *testing.T) {
	bare(t)
	said, ended := makingApp(t.Context(), hubForApps(t))
	eventually(t, func() bool { return shownPage.MatchString(said.String()) })
	if err := os.MkdirAll("config/settings.yaml", 0o700); err != nil {
		t.Fatal(err)
	}
	if code, text := browse(t.Context(), shownPage.FindString(said.String())); code != http.StatusOK {
		t.Errorf("the browser came back to %d\n%s", code, text)
	}
	if code := <-ended; code != exitFailed || !strings.Contains(said.String(), "/apps/hls-for-acme, make another private key") {
		t.Errorf("%d\n%s", code, said)
	}
}

// The secret of an App's webhook is made by GitHub: another one in the environment would refuse all that it sends.
func TestInitTellsWhereTheAppsSecretDoesNotCount(t *testing.T) {
	bare(t)
	t.Setenv("GITHUB_WEBHOOK_SECRET", "the-secret-of-another-webhook")
	said, ended := makingApp(t.Context(), hubForApps(t))
	eventually(t, func() bool { return shownPage.MatchString(said.String()) })
	browse(t.Context(), shownPage.FindString(said.String()))
	if code := <-ended; code != exitDone || !strings.Contains(said.String(), "\n  GITHUB_WEBHOOK_SECRET in the environment\n") {
		t.Errorf("%d\n%s", code, said)
	}
}
