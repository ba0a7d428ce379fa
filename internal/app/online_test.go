package app_test

import (
	"net/http"
	"strings"
	"testing"

	"hls/internal/app"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// What only the doors can tell is told at its key, with the door's own words and no secret.
func TestCheckOnlineAsksEachDoor(t *testing.T) {
	t.Parallel()
	good := func() (*simulate.GitHub, *simulate.Claude) {
		gh := simulate.NewGitHub(simulate.GitHubConfig{Token: "github-token-of-the-tests"})
		gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{{Name: "bug"}}})
		return gh, simulate.NewClaude(simulate.ClaudeConfig{Key: "anthropic-key-of-the-tests"})
	}
	for name, tc := range map[string]struct {
		repositories string
		spoil        func(*simulate.GitHub)
		away         bool // nobody answers for Claude
		replace      [2]string
		want         []string // parts of each finding: where it is and what it says
	}{
		"fine":             {repositories: "[{name: acme/widget-shop}]"},
		"globs are passed": {repositories: "[{name: 'acme/*'}, {name: 'nobody/*'}]"},
		"no repository": {
			repositories: "[{name: acme/widget-shop}, {name: acme/nowhere}]",
			want:         []string{"repositories[1].name: the repository cannot be read"},
		},
		"wrong token": {
			repositories: "[{name: 'acme/*'}]", replace: [2]string{"github-token-of-the-tests", "another-token-of-theirs"},
			want: []string{"github.token: "},
		},
		"GitHub down": {
			repositories: "[{name: 'acme/*'}]",
			spoil: func(gh *simulate.GitHub) {
				gh.Fail(simulate.Fault{PathGlob: "/**", Status: http.StatusBadGateway, Kind: simulate.FailBefore, Times: 1000})
				gh.Fail(simulate.Fault{PathGlob: "/*", Status: http.StatusBadGateway, Kind: simulate.FailBefore, Times: 1000})
			},
			want: []string{"github.token: "},
		},
		"wrong key": {
			repositories: "[{name: acme/widget-shop}]", replace: [2]string{"anthropic-key-of-the-tests", "another-key-of-theirs"},
			want: []string{"claude.api_key: Claude cannot be asked"},
		},
		"Claude away": {
			repositories: "[{name: acme/widget-shop}]", away: true, want: []string{"claude.api_key: Claude cannot be asked"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh, cl := good()
			if tc.spoil != nil {
				tc.spoil(gh)
			}
			ghURL, stopGH := gh.Start()
			defer stopGH()
			clURL, stopCL := cl.Start()
			if tc.away {
				stopCL()
			}
			defer stopCL()
			text := settingsFor(ghURL, clURL, t.TempDir()) + "repositories: " + tc.repositories + "\n"
			if tc.replace[0] != "" {
				text = strings.ReplaceAll(text, tc.replace[0], tc.replace[1])
			}
			settings, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range app.Check(t.Context(), settings, true) {
				if !f.Warning {
					found = append(found, f.Key+": "+f.Message)
				}
				if strings.Contains(f.Message, "of-theirs") || strings.Contains(f.Message, "of-the-tests") {
					t.Errorf("a secret: %s", f.Message)
				}
			}
			if len(found) != len(tc.want) {
				t.Fatalf("found %q, want %q", found, tc.want)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(found[i], want) {
					t.Errorf("found %q, want %q", found[i], want)
				}
			}
			if len(gh.Writes()) > 0 {
				t.Errorf("a check wrote: %v", gh.Writes())
			}
		})
	}
}
