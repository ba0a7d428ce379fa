package app_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
	"hls/internal/simulate"
	"hls/internal/telemetry/collector"
)

// canaries are secrets in every slot of the settings.
type canaries struct {
	slots map[string]string
	file  string // of the App's key
}

func newCanaries(t *testing.T) canaries {
	t.Helper()
	c := canaries{slots: map[string]string{}, file: filepath.Join(t.TempDir(), "app.pem")}
	for _, slot := range []string{"admin_token", "viewer_token", "database_password", "github_token", "webhook_secret", "webhook_secret_new", "api_key", "repo_token", "repo_secret"} {
		raw := make([]byte, 18)
		_, _ = rand.Read(raw)
		c.slots[slot] = "c+" + base64.StdEncoding.EncodeToString(raw) // Its signs are written in another way in URLs.
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(c.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c.slots["private_key"] = strings.Split(string(text), "\n")[3]
	return c
}

// forms are a text as it is and as programs write it.
func forms(text string) map[string]string {
	out := map[string]string{
		"raw": text, "hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))), "query": url.QueryEscape(text),
	}
	for shift := range 3 {
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		out[fmt.Sprintf("base64+%d", shift)] = strings.TrimRight(whole, "=")[shift+shift/2 : len(whole)-4]
	}
	return out
}

// everywhere is what tells of all secrets at once, in each of their forms: whoever has them says them.
func (c canaries) everywhere() string {
	var b strings.Builder
	for slot, secret := range c.slots {
		for _, name := range []string{"raw", "hex", "HEX", "query"} {
			fmt.Fprintf(&b, "%s %s: %s\n", slot, name, forms(secret)[name])
		}
		for _, before := range []string{"", "x", "xy"} {
			fmt.Fprintf(&b, "%s base64: %s\n", slot, base64.StdEncoding.EncodeToString([]byte(before+secret)))
		}
	}
	return b.String()
}

// found are the windows of the secrets that stand in a text.
func (c canaries) found(text []byte) (list []string) {
	for slot, secret := range c.slots {
		for name, form := range forms(secret) {
			for i := 0; i+8 <= len(form); i++ {
				if bytes.Contains(text, []byte(form[i:i+8])) {
					list = append(list, fmt.Sprintf("%s as %s: %q", slot, name, form[i:i+8]))
					break
				}
			}
		}
	}
	return list
}

// A secret in every slot, and everybody says all of them: people in issues and diffs, Claude in its answers, both doors in their
// errors. No eight bytes of any is in a log, a row, a page, a metric, a prompt or an effect.
func TestS1_NoCanaryIsInAnySink(t *testing.T) {
	t.Parallel()
	newCanaries(t).without("database_password").throughHouse(t, "")
}

// The password of a database is one more slot. What is stored is read through the service, and each table as PostgreSQL has it.
func TestS1_NoCanaryIsInAnySinkOnPostgreSQL(t *testing.T) {
	t.Parallel()
	all := newCanaries(t)
	address, err := url.Parse(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(address.Query().Get("user"), all.slots["database_password"])
	all.throughHouse(t, address.String())
}

// throughHouse has two events pass through a service that stores at an address, "" for a file, and then has its doors break.
func (c canaries) throughHouse(t *testing.T, storage string) {
	t.Helper()
	all := c
	c = c.without("private_key") // Either a token or an App: the doors that break below have the App.
	gh, said := shop(), c.everywhere()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 70, Title: "Crash with " + c.slots["api_key"], Author: "mallory", Body: "The app panics with a nil pointer.\n" + said})
	gh.CommentAs(widgets, 70, "mallory", said)
	patch := "@@ -0,0 +1,9 @@\n+package cache\n+func Open(path string) {\n+\t_ = os.Remove(path)\n+// " + strings.ReplaceAll(strings.TrimSpace(said), "\n", "\n+// ")
	gh.AddPullRequest(widgets, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: 80, Title: "Add", Author: "mallory", Body: said},
		Files: []hls.File{{Filename: "cache.go", Status: "added", Patch: patch}}})
	cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(r simulate.Request) string { return simulate.Obey(said)(r) }})
	ghURL, stopGH := gh.Start()
	t.Cleanup(stopGH)
	clURL, stopCL := cl.Start()
	t.Cleanup(stopCL)
	s := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
	if storage == "" {
		storage = "sqlite:" + filepath.Join(s.dir, "hls.db")
	}
	traces := collector.Start()
	t.Cleanup(traces.Stop)
	s.run(c.settings(ghURL, clURL, storage) + "telemetry: {otlp_endpoint: " + traces.URL + "}\n")
	secret := c.slots["repo_secret"]
	for _, d := range []simulate.Delivery{
		{Event: "issues", Payload: gh.IssuePayload(widgets, 70, "opened", "mallory", nil)},
		{Event: "pull_request", Payload: gh.PullRequestPayload(widgets, 80, "opened", "mallory", nil)},
	} {
		d.GUID, d.HookID = simulate.NewGUID(), 1
		if status, body, err := simulate.Send(t.Context(), s.url+"/webhook", secret, d); err != nil || status != http.StatusAccepted {
			t.Fatal(status, string(body), err)
		}
		if task := s.settled(d.GUID); task.State != hls.Done {
			t.Fatalf("%s ended as %s (%s)", d.Event, task.State, task.Reason)
		}
		c.look(t, s, d.GUID)
		c.lookAtStore(t, s.app.Store(), d.GUID)
	}
	c.lookAtDatabase(t, s, storage)
	if len(cl.Calls()) != 2 || len(gh.Writes()) < 2 {
		t.Fatalf("%d questions and %d writes: the test looks at too little", len(cl.Calls()), len(gh.Writes()))
	}
	for _, call := range cl.Calls() {
		c.hold(t, "the prompt", []byte(call.System+call.User))
	}
	for _, w := range gh.Writes() {
		c.hold(t, "the effect "+w.Path, []byte(w.Path+w.Body))
	}
	s.stop()
	for _, span := range traces.Spans() {
		c.hold(t, "the span "+span.Name, []byte(span.Raw))
	}
	all.without("github_token", "repo_token", "database_password").breakDoors(t)
}

// without leaves out the slots that settings do not have.
func (c canaries) without(slots ...string) canaries {
	c.slots = maps.Clone(c.slots)
	for _, slot := range slots {
		delete(c.slots, slot)
	}
	return c
}

func (c canaries) settings(ghURL, clURL, storage string) string {
	return fmt.Sprintf(`
server: {host: 127.0.0.1, port: 0, admin_token: %q, viewer_token: %q, shutdown_grace: 5s}
github: {base_url: %q, token: %q, webhook_secret: [%q, %q], limits: {writes_per_minute: 0, content_per_hour: 0}}
claude: {base_url: %q, api_key: %q}
storage: {url: %q}
processing: {debounce: 0s, max_attempts: 2}
logging: {level: DEBUG, log_payloads: true}
repositories:
  - {name: acme/widget-shop, token: %q, webhook_secret: %q, comments: {auto_post: true}, labels: {min_confidence: 0}}
`, c.slots["admin_token"], c.slots["viewer_token"], ghURL, c.slots["github_token"], c.slots["webhook_secret_new"], c.slots["webhook_secret"], clURL, c.slots["api_key"],
		storage, c.slots["repo_token"], c.slots["repo_secret"])
}

// look reads every page, and the log.
func (c canaries) look(t *testing.T, s *service, guid string) {
	t.Helper()
	for _, path := range []string{
		"/health", "/stats", "/metrics", "/api/v1/deliveries", "/api/v1/deliveries/" + guid, "/api/v1/effects", "/api/v1/audit",
		"/api/v1/why?subject=acme%2Fwidget-shop%2370", "/api/v1/why?delivery=" + guid,
		"/ui/", "/ui/deliveries", "/ui/deliveries/" + guid,
	} {
		status, body := s.fetch(path, c.slots["admin_token"])
		if status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
		c.hold(t, path, body)
	}
	c.hold(t, "the log", []byte(s.log.String()))
}

// lookAtStore reads what is kept of a delivery: rows are packed, so their bytes alone tell little.
func (c canaries) lookAtStore(t *testing.T, store record.Store, guid string) {
	t.Helper()
	delivery, err := store.Delivery(t.Context(), guid)
	if err != nil {
		t.Fatal(err)
	}
	c.hold(t, "the payload", delivery.Body)
	task, err := store.TaskOf(t.Context(), guid)
	if err != nil {
		t.Fatal(err)
	}
	analysis, err := store.Analysis(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := store.Plan(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	effects, err := store.Effects(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	memories, err := store.Recall(t.Context(), hls.Recall{Subject: task.Subject, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	c.hold(t, "the rows", fmt.Appendf(nil, "%+v %s %s %+v %+v %+v", task, analysis.Answer, analysis.Prompt.User+analysis.Prompt.System, plan, effects, memories))
}

// lookAtDatabase reads every byte that is stored.
func (c canaries) lookAtDatabase(t *testing.T, s *service, storage string) {
	t.Helper()
	if !strings.HasPrefix(storage, "sqlite:") {
		c.hold(t, "the database", pgtest.Dump(t, storage))
		return
	}
	backup := filepath.Join(t.TempDir(), "copy.db")
	if err := s.app.Store().Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	c.hold(t, "the database", file)
}

// breakDoors has both doors answer with what they were sent, in every form.
func (c canaries) breakDoors(t *testing.T) {
	t.Helper()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, fmt.Sprintf(`{"message":%q}`, c.everywhere()), http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close)
	gh := shop()
	s := &service{t: t, github: gh, dir: t.TempDir(), log: &buffer{}}
	text := strings.Replace(c.settings(broken.URL, broken.URL, "sqlite:"+filepath.Join(s.dir, "hls.db")), `token: "", webhook_secret: [`, fmt.Sprintf("app: {id: 5, private_key_file: %q}, webhook_secret: [", c.file), 1)
	s.run(strings.Replace(text, `token: "", webhook`, "webhook", 1))
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 7, "opened", "mona", nil)}
	if status, body, err := simulate.Send(t.Context(), s.url+"/webhook", c.slots["repo_secret"], d); err != nil || status != http.StatusAccepted {
		t.Fatal(status, string(body), err)
	}
	eventually(t, func() bool {
		return strings.Contains(s.log.String(), "base64") && strings.Contains(s.log.String(), `"ended"`)
	})
	for _, path := range []string{"/health", "/stats", "/metrics", "/api/v1/deliveries"} {
		_, body := s.fetch(path, c.slots["admin_token"])
		c.hold(t, path+" while the doors are broken", body)
	}
	c.hold(t, "the log of broken doors", []byte(s.log.String()))
}

func (c canaries) hold(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, found := range c.found(text) {
		t.Errorf("%s shows %s", where, found)
	}
}
