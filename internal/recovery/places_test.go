package recovery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
)

var (
	ofAcme = github.HookPlace{Org: "acme"}
	ofApp  = github.HookPlace{}
)

// Which webhooks lead here is told by the address of the settings, or by its path where there is only one.
func TestHooksThatLeadHere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		hooks   []string
		want    []int64
		problem string
	}{
		"the address":           {address, []string{"https://other.example/webhook", "https://HLS.example/webhook/"}, []int64{2}, ""},
		"not the address":       {address, []string{"https://other.example/webhook", "http://hls.example/webhook"}, nil, "no webhook was found"},
		"another port":          {address, []string{"https://hls.example:8443/webhook"}, nil, "no webhook was found"},
		"the only path":         {"", []string{"https://ci.example/hook", "https://proxy.example/hls/webhook"}, []int64{2}, ""},
		"several of that path":  {"", []string{"https://a.example/webhook", "https://b.example/webhook"}, nil, "set server.public_url"},
		"several, with address": {"https://b.example/webhook", []string{"https://a.example/webhook", "https://b.example/webhook"}, []int64{2}, ""},
		"none":                  {"", nil, nil, "no webhook was found"},
	} {
		w := newWorld(t)
		w.targets.Address = c.address
		w.hooks[ofWidget] = nil
		for i, url := range c.hooks {
			w.hooks[ofWidget] = append(w.hooks[ofWidget], github.Hook{ID: int64(i + 1), URL: url})
		}
		report := w.pass()
		var got []int64
		for _, l := range report.Logs {
			got = append(got, l.HookID)
		}
		if !slices.Equal(got, c.want) || (c.problem == "") != (len(report.Problems) == 0) || c.problem != "" && !strings.Contains(fmt.Sprint(report.Problems), c.problem) {
			t.Errorf("%s: looked through %v, problems %v", name, got, report.Problems)
		}
	}
}

// An organization's webhook is looked for where repositories have none of their own; its deliveries are told apart by
// the number of their repository, which is looked up once.
func TestI7_OrganizationsLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks = map[github.HookPlace][]github.Hook{ofAcme: {{ID: 5, URL: address}}}
	w.try(5, "missed-0", 0)
	w.try(5, "missed-1", 0)
	w.try(5, "of-another", 0, func(e *entry) { e.RepoID = 10 })
	w.try(5, "of-none", 0, func(e *entry) { e.RepoID = 0 })
	report := w.pass()
	if !slices.Equal(w.ids(), []string{"missed-0", "missed-1"}) || w.questions("repository") != 2 || w.questions("sent") != 2 || len(report.Problems) > 0 {
		t.Errorf("took %v, asked %v, %+v", w.ids(), w.asked, report.Problems)
	}
	w.later(time.Minute)
	w.try(5, "missed-2", 0)
	if w.pass(); len(w.took) != 3 || w.questions("repository") != 2 {
		t.Errorf("took %v, asked %v", w.ids(), w.asked)
	}
}

// A repository that cannot be looked up is fetched: its rule decides at the door.
func TestI7_UnknownRepositoryIsFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks = map[github.HookPlace][]github.Hook{ofAcme: {{ID: 5, URL: address}}}
	w.errs["repository 9"] = hls.ErrNotFound
	w.try(5, "missed", 0)
	if report := w.pass(); len(w.took) != 1 {
		t.Errorf("%+v", report)
	}
}

// With the App's webhook nothing else is looked at; what several logs have is taken in once.
func TestI7_AppsLogAndSeveralLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.targets.App = true
	w.hooks[ofApp] = []github.Hook{{URL: address}}
	w.try(0, "missed", 0)
	w.try(1, "missed", 0)
	if w.pass(); !slices.Equal(w.ids(), []string{"missed"}) || w.questions("hooks") != 1 {
		t.Errorf("took %v, asked %v", w.ids(), w.asked)
	}
	w.hooks[ofApp] = []github.Hook{{URL: ""}}
	report := w.pass()
	if len(w.took) != 1 || w.questions("sent") != 1 || len(report.Logs) != 1 || report.Logs[0].Place != widget {
		t.Errorf("an App without webhook: %+v", report)
	}
}

// Without the right to list webhooks HLS says so once, with the right that it takes and since when it does not look.
func TestI7_MissingRightIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "first")
	w.pass()
	for at, want := range map[string]string{widget: `the repository permission "Webhooks" (read)`, "acme": `the organization permission "Webhooks" (read)`} {
		w.errs["hooks "+at] = errForbidden
		if at == "acme" {
			delete(w.errs, "hooks "+widget)
			w.hooks[ofWidget] = nil
			w.targets.Owners = []string{"ACME"}
		}
		for range 3 {
			w.later(time.Hour)
			w.pass()
		}
		if s := w.r.State(); !s.Troubled || !strings.Contains(s.Detail, want) {
			t.Errorf("%s: state %+v", at, s)
		}
		if at == widget && !strings.Contains(w.r.State().Detail, "since 2026-03-02T12:00:00Z was not") {
			t.Errorf("no time in %q", w.r.State().Detail)
		}
		if n := strings.Count(strings.ReplaceAll(w.log.String(), `\"`, `"`), want); n != 1 {
			t.Errorf("%s: told %d times\n%s", at, n, w.log.String())
		}
	}
}

func TestManyPlacesAreAllReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.targets.Repos = nil
	for i := range 5 {
		repo := fmt.Sprintf("acme/r%d", i)
		w.targets.Repos = append(w.targets.Repos, repo)
		w.hooks[github.HookPlace{Repo: repo}] = []github.Hook{{ID: int64(i + 1), URL: address}}
		w.try(int64(i+1), fmt.Sprintf("missed-%d", i), 0, func(e *entry) { e.sent.Body = []byte(issueBody(repo, 1)) })
	}
	w.errs["log 3"] = errLimit
	w.pass()
	delete(w.errs, "log 3")
	w.errs["log 1"] = errLimit
	if w.pass(); len(w.took) != 5 {
		t.Errorf("took %v", w.ids())
	}
}
