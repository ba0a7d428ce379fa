package attack

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
)

// buffer is a log that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.text.Bytes())
}

const everyEvent = `
github: {token: t-of-the-operator, webhook_secret: secret-of-the-operator}
claude: {api_key: key-of-the-operator}
logging: {level: DEBUG, log_payloads: true}
repositories:
  - name: acme/widget-shop
    events: [issues, issue_comment, pull_request, pull_request_review, pull_request_review_comment, workflow_run, check_run, push,
      release, deployment_status, discussion, gollum]
    comments: {auto_post: true}
    labels: {min_confidence: 0}
    reviews: {withdraw: true}
    workflows: {issues: true, rerun: true}
    releases: {notes: section}
    pushes: {issues: true}
    deployments: {issues: true}
    discussions: {issues: true}
`

// spelled are a secret's forms, at a place of a group that is its own.
func spelled(s hls.Secret) []string {
	v := s.Reveal()
	return []string{v, hex.EncodeToString([]byte(v)), base64.StdEncoding.EncodeToString([]byte(v))}
}

// Whoever knows the secrets of the settings and says them, in whatever field, and whatever an obedient model makes of that: no
// eight bytes of them reach a log, a page, a row, a prompt or an effect.
func TestS1_NoFieldBringsASecretToASink(t *testing.T) {
	t.Parallel()
	settings, err := config.Parse("settings.yaml", []byte(everyEvent), config.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	rule, err := app.RuleOf(settings, "acme/widget-shop")
	if err != nil {
		t.Fatal(err)
	}
	log := &buffer{}
	w, err := open(t.Context(), Config{Settings: settings, Repo: "acme/widget-shop", Tell: t.Logf, log: log}, rule)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	if len(w.secrets) != 4 {
		t.Fatalf("%d secrets: of GitHub, of Claude, of the webhook and of the pages", len(w.secrets))
	}
	var said []string
	for _, s := range w.secrets {
		said = append(said, spelled(s)...)
	}
	row := Row{}
	for i, f := range fields {
		if f.name == "account.login" {
			continue // Who somebody is has to be told, whatever the name.
		}
		texts := append(slices.Clone(said[i%len(said):]), said[:i%len(said)]...) // A field that takes little takes another each time.
		if _, err := w.attack(t.Context(), f, Injection{Name: "secrets", Text: strings.Join(texts, "\n")}, &row); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
	}
	if row.Asked < 20 || row.Inside < 20 {
		t.Errorf("%d questions and %d writes: the test looks at too little", row.Asked, row.Inside)
	}
	w.look(t, log)
}

func (w *world) look(t *testing.T, log *buffer) {
	t.Helper()
	sinks := map[string][]byte{"the log": log.bytes()}
	for _, call := range w.claude.Calls() {
		sinks["the prompts"] = append(sinks["the prompts"], call.System+call.User...)
	}
	for _, call := range w.github.Writes() {
		body := call.Body
		if strings.Contains(call.Path, "/releases/") { // What people wrote of a release stays as it is to the byte.
			body = strings.Join(section.FindAllString(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(body), -1), "\n")
		}
		sinks["the effects"] = append(sinks["the effects"], call.Path+body...)
	}
	for _, path := range []string{"/health", "/stats", "/metrics", "/api/v1/deliveries?limit=200"} {
		sinks[path] = w.page(t, path)
	}
	tasks, err := w.app.Store().List(t.Context(), record.Query{Limit: 200})
	if err != nil || len(tasks) < len(fields)-1 {
		t.Fatal(len(tasks), err)
	}
	for _, one := range tasks {
		sinks["the pages of deliveries"] = append(sinks["the pages of deliveries"], w.page(t, "/api/v1/deliveries/"+one.Task.DeliveryID)...)
		sinks["the rows"] = append(sinks["the rows"], w.rows(t, one.Task)...)
	}
	for name, text := range sinks {
		for i, s := range w.secrets {
			for _, form := range spelled(s) {
				for at := 0; at+8 <= len(strings.TrimRight(form, "=")); at++ {
					if bytes.Contains(text, []byte(form[at:at+8])) {
						where := bytes.Index(text, []byte(form[at:at+8]))
						t.Errorf("%s: secret %d shows as %q in %q", name, i, form[at:at+8], text[max(0, where-120):min(len(text), where+60)])
						break
					}
				}
			}
		}
	}
}

func (w *world) page(t *testing.T, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range w.secrets { // One of them opens the pages.
		request.Header.Set("Authorization", "Bearer "+s.Reveal())
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(answer.Body)
		_ = answer.Body.Close()
		if err == nil && answer.StatusCode == http.StatusOK && (path != "/health" || strings.Contains(body.String(), "components")) {
			return body.Bytes()
		}
	}
	t.Fatalf("%s does not open", path)
	return nil
}

func (w *world) rows(t *testing.T, task hls.Task) []byte {
	t.Helper()
	store := w.app.Store()
	delivery, err := store.Delivery(t.Context(), task.DeliveryID)
	if err != nil {
		t.Fatal(err)
	}
	analysis, _ := store.Analysis(t.Context(), task.ID) // Some have none, as the next two.
	plan, _ := store.Plan(t.Context(), task.ID)
	effects, _ := store.Effects(t.Context(), task.ID)
	memories, err := store.Recall(t.Context(), hls.Recall{Subject: task.Subject, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(delivery.Body, "%+v %s %s %s %+v %+v %+v", task, analysis.Answer, analysis.Prompt.System, analysis.Prompt.User, plan, effects, memories)
}
