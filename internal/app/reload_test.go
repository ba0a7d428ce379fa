package app_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// reloadable is a service whose settings can be written anew.
type reloadable struct {
	*service
	base string // settings that point it at the stand-ins
	text atomic.Pointer[string]
	hung chan os.Signal
}

func startReloadable(t *testing.T, settings string, gh *simulate.GitHub, cl *simulate.Claude, fit ...func(*service)) *reloadable {
	t.Helper()
	r := &reloadable{service: &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}, hung: make(chan os.Signal, 1)}
	r.hangup = r.hung
	r.reread = func() (*config.Settings, error) { return parse(*r.text.Load()) }
	for _, f := range fit {
		f(r.service)
	}
	ghURL, stopGH := gh.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	r.base = settingsFor(ghURL, clURL, r.dir) + "processing: {debounce: 0s, max_attempts: 4}\n"
	r.write(settings)
	r.run(*r.text.Load())
	return r
}

func (r *reloadable) write(settings string) {
	text := r.base + settings
	if !strings.Contains(text, "\nlogging:") {
		text += "\nlogging: {level: DEBUG}\n"
	}
	r.text.Store(&text)
}

// reload writes the settings and tells the service to read them again, as SIGHUP does.
func (r *reloadable) reload(settings string) {
	r.t.Helper()
	r.write(settings)
	r.hung <- syscall.SIGHUP
}

func (r *reloadable) logged(parts ...string) func() bool {
	return func() bool {
		return slices.ContainsFunc(strings.Split(r.log.String(), "\n"), func(line string) bool {
			return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) })
		})
	}
}

// unsigned sends a delivery without a signature and returns the status code.
func (r *reloadable) unsigned() int {
	r.t.Helper()
	code, _ := r.send(simulate.Delivery{Event: "ping", Unsigned: true, Payload: []byte(`{"zen":"z","hook_id":1,"hook":{}}`)})
	return code
}

func TestReload_SignatureValidation(t *testing.T) {
	t.Parallel()
	r := startReloadable(t, widgetSettings, shop(), answering(bugAnswer))
	if code := r.unsigned(); code != http.StatusUnauthorized {
		t.Fatalf("before: %d", code)
	}
	r.reload(widgetSettings + "features: {signature_validation: false}\n")
	eventually(t, func() bool { return r.unsigned() == http.StatusOK })
	r.reload(widgetSettings + "features: {signature_validation: true}\n")
	eventually(t, func() bool { return r.unsigned() == http.StatusUnauthorized })
}

// server.host counts at the next start, so a reload that names loopback and switches signatures off would leave the
// door that other machines reach without them.
func TestI4_ReloadKeepsSignaturesOnAnOpenListener(t *testing.T) {
	t.Parallel()
	open, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	r := startReloadable(t, widgetSettings, shop(), answering(bugAnswer), func(s *service) { s.listener = open })
	r.reload(widgetSettings + "features: {signature_validation: false}\n")
	eventually(t, r.logged("refused", "features.signature_validation", "0.0.0.0"))
	if code := r.unsigned(); code != http.StatusUnauthorized {
		t.Errorf("after: %d", code)
	}
}

// A repository's new token is what GitHub sees from then on.
func TestReload_TokenOfARepository(t *testing.T) {
	t.Parallel()
	gh := simulate.NewGitHub(simulate.GitHubConfig{Token: "github-token-of-the-tests", Tokens: map[string]string{"token-of-the-shop": "shop-bot"}})
	gh.AddAccount(hls.Account{Login: "shop-bot", ID: 77, Type: "User"})
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{{Name: "bug"}}})
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 7, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
	r := startReloadable(t, widgetSettings, gh, answering(bugAnswer))
	r.reload("repositories: [{name: acme/widget-shop, token: token-of-the-shop, events: [issues]}]\n")
	eventually(t, r.logged("settings read again", "repositories"))
	d := r.issueOpened()
	before := len(gh.Calls())
	r.send(d)
	r.settled(d.GUID)
	calls := gh.Calls()[before:]
	for _, c := range calls {
		if strings.HasPrefix(c.Path, "/repos/") && c.Actor != "shop-bot" {
			t.Errorf("%s %s by %q", c.Method, c.Path, c.Actor)
		}
	}
	if len(calls) == 0 {
		t.Error("GitHub was not asked")
	}
}

func TestReload_Model(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	r := startReloadable(t, widgetSettings, shop(), cl)
	r.base = strings.Replace(r.base, "claude: {", "claude: {model: claude-opus-5-5, ", 1)
	r.reload(widgetSettings)
	eventually(t, r.logged("settings read again", "claude.model"))
	d := r.issueOpened()
	r.send(d)
	r.settled(d.GUID)
	if calls := cl.Calls(); len(calls) != 1 || calls[0].Model != "claude-opus-5-5" {
		t.Errorf("calls %+v", calls)
	}
}

// What a reload cannot change is named, as long as it waits; what it can is not.
func TestReload_WarnsOfWhatWaitsForARestart(t *testing.T) {
	t.Parallel()
	r := startReloadable(t, widgetSettings, shop(), answering(bugAnswer))
	before := r.base
	r.base = strings.NewReplacer("port: 0", "port: 1", "debounce: 0s", "debounce: 1s", "claude: {", "claude: {max_tokens: 5000, budget: {daily_usd: 3}, ").Replace(before)
	waits := func(key string) bool { return r.logged("takes effect at the next start", `"`+key+`"`)() }
	r.reload(widgetSettings + "logging: {level: DEBUG, format: text}\n")
	for _, key := range []string{"server.port", "processing.debounce", "claude.max_tokens", "logging.format"} {
		eventually(t, func() bool { return waits(key) })
	}
	for _, key := range []string{"claude.budget.daily_usd", "server.host", "logging.level"} {
		if waits(key) {
			t.Errorf("%s is said to wait", key)
		}
	}
	told := strings.Count(r.log.String(), `"server.port"`)
	r.reload(widgetSettings)
	eventually(t, func() bool { return strings.Count(r.log.String(), `"server.port"`) > told })
}

func TestReload_SetsUpLabels(t *testing.T) {
	t.Parallel()
	r := startReloadable(t, widgetSettings, shop(), answering(bugAnswer))
	r.reload("features: {auto_setup_labels: true}\nrepositories: [{name: acme/widget-shop, labels: {categories: {area: [area-ui]}}}]\n")
	eventually(t, func() bool {
		return slices.ContainsFunc(r.github.RepositoryLabels(widgets), func(l hls.Label) bool { return l.Name == "area-ui" })
	})
}

func TestReload_LogLevel(t *testing.T) {
	t.Parallel()
	r := startReloadable(t, widgetSettings+"logging: {level: ERROR}\n", shop(), answering(bugAnswer))
	r.reload(widgetSettings + "logging: {level: INFO}\n")
	eventually(t, r.logged("settings read again", "logging.level"))
}

// A version that is broken is refused as a whole, and the log says where.
func TestReload_BrokenIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	template(t, dir, "issues/analyze.j2", "{% if %}")
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":      {"features: {signature_validation: false}\nserve: {}\n", "serve: unknown key"},
		"a template":          {"features: {signature_validation: false}\nprompts: {base_dir: " + dir + "}\n", "analyze.j2:1:"},
		"a rule's template":   {"features: {signature_validation: false}\nrepositories: [{name: acme/widget-shop, prompts: {base_dir: " + dir + "}}]\n", "analyze.j2:1:"},
		"a template's folder": {"features: {signature_validation: false}\nprompts: {base_dir: " + dir + "/none}\n", dir + "/none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startReloadable(t, "", shop(), answering(bugAnswer))
			r.reload(c.text)
			eventually(t, r.logged("refused", c.want))
			if code := r.unsigned(); code != http.StatusUnauthorized {
				t.Errorf("a part is in force: %d", code)
			}
		})
	}
}

func template(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// asks tells whether the prompt of a new issue holds a text.
func (r *reloadable) asks(n int, text string) bool {
	r.t.Helper()
	r.github.AddIssue(widgets, simulate.IssueSeed{Number: n, Title: "Crash", Author: "mona", Body: "The app panics with a nil pointer."})
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: r.github.IssuePayload(widgets, n, "opened", "mona", nil)}
	r.send(d)
	r.settled(d.GUID)
	calls := r.claude.Calls()
	return len(calls) > 0 && strings.Contains(calls[len(calls)-1].User, text)
}

// The watch goes where the settings go: a folder named by a reload is watched, and so is one made in it later.
func TestReload_WatchesTheNewFolder(t *testing.T) {
	t.Parallel()
	before, after := t.TempDir(), t.TempDir()
	template(t, before, "issues/analyze.j2", "before")
	template(t, after, "readme.txt", "no template")
	named := func(dir string) string {
		return widgetSettings + "prompts: {reload: true, base_dir: " + dir + "}\n"
	}
	r := startReloadable(t, named(before), shop(), answering(bugAnswer))
	if !r.asks(20, "before") {
		t.Fatal("the template of the first folder is not in force")
	}
	r.reload(named(after))
	eventually(t, r.logged("settings read again", "prompts.base_dir"))
	template(t, after, "issues/analyze.j2", "first version")
	n := 30
	eventually(t, func() bool { n++; return r.asks(n, "first version") })
	template(t, after, "issues/analyze.j2", "second version")
	eventually(t, func() bool { n++; return r.asks(n, "second version") })
	template(t, after, "issues/analyze.j2", "{% broken")
	eventually(t, r.logged("the changed templates are refused", "analyze.j2"))
	if !r.asks(21, "second version") {
		t.Error("the broken template took the place of the good one")
	}
	if health := r.get("/health"); health["components"].(map[string]any)["prompts"].(map[string]any)["status"] != "degraded" {
		t.Errorf("health %v", health)
	}
}

func TestReload_WatchesWhatALinkLeadsTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	template(t, dir, "v1/issues/analyze.j2", "first version")
	if err := os.Symlink("v1", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	r := startReloadable(t, widgetSettings+"prompts: {reload: true, base_dir: "+filepath.Join(dir, "current")+"}\n", shop(), answering(bugAnswer))
	if !r.asks(20, "first version") {
		t.Fatal("the template behind the link is not in force")
	}
	template(t, dir, "v1/issues/analyze.j2", "second version")
	n := 30
	eventually(t, func() bool { n++; return r.asks(n, "second version") })
}
