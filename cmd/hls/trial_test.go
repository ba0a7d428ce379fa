package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"hls/internal/record/sqlite"
	"hls/internal/simulate"
)

var updateTrials = flag.Bool("update", false, "write what is printed into testdata/trials as what is wanted, and docs/cli.md anew")

// trialSettings let all follow that can follow of the events that are recorded.
const trialSettings = `
server: {host: 127.0.0.1, port: $PORT, admin_token: a-token-of-the-scripts}
github: {base_url: "$GITHUB", token: a-token, webhook_secret: "$SECRET", limits: {writes_per_minute: 0, content_per_hour: 0}}
claude: {base_url: "$CLAUDE", api_key: a-key, budget: {daily_usd: 50}}
storage: {url: "sqlite:$DIR/hls.db"}
processing: {debounce: 0s, max_attempts: 2}
repositories:
  - name: acme/widget-shop
    events: [issues, pull_request, workflow_run, release, push, deployment_status, discussion, gollum]
    releases: {notes: section}
    pushes: {issues: true}
    deployments: {issues: true}
    discussions: {issues: true}
`

// history is a record of what HLS did for the deliveries of the scenario, with the stand-ins that it was made with.
type history struct {
	*script
	done []string // deliveries whose task is done
}

// recordScenario plays the deliveries of the families at the service, one after the other, and stops it.
func recordScenario(t *testing.T, titles ...string) *history {
	t.Helper()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	scenario := simulate.NewScenario(gh)
	ghURL, stopGH := gh.Start()
	cl := simulate.NewClaude(simulate.ClaudeConfig{})
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	h := &history{script: &script{T: t, dir: t.TempDir(), github: gh, claude: cl}}
	h.vars = map[string]string{"GITHUB": ghURL, "CLAUDE": clURL, "DIR": h.dir, "PORT": fmt.Sprint(freePort(t)), "SECRET": secret}
	h.write("settings.yaml", h.expand(trialSettings))
	h.serve("")
	for _, step := range scenario.Deliveries() {
		if !slices.ContainsFunc(titles, func(title string) bool { return strings.HasPrefix(step.Title, title) }) {
			continue
		}
		d := step.Prepare()
		d.HookID = 1
		if code, answer := send(t, "http://127.0.0.1:"+h.vars["PORT"], d); code != http.StatusAccepted {
			t.Fatalf("%s: %d %v", step.Title, code, answer)
		}
		if h.ends(d.GUID+" done") == "" {
			h.done = append(h.done, d.GUID)
		}
	}
	h.end("")
	return h
}

func (h *history) write(name, text string) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

// dump is every row of the record but those that tell of money, of counts and of the time.
func (h *history) dump() map[string]string {
	h.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "hls.db")+"?mode=ro")
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tables, rows := h.strings(db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`), map[string]string{}
	for _, table := range tables {
		if table == "spend" || table == "money" || table == "counters" {
			continue
		}
		columns := h.strings(db, `SELECT 'ifnull(quote('||name||'), '''')' FROM pragma_table_info('`+table+`')`)
		all := h.strings(db, `SELECT `+strings.Join(columns, `||'|'||`)+` FROM `+table+` ORDER BY 1`)
		all = slices.DeleteFunc(all, func(row string) bool { return strings.HasPrefix(row, "'clock/now'") })
		rows[table] = strings.Join(all, "\n")
	}
	if len(rows) < 8 {
		h.Fatalf("only the tables %v were looked at", tables)
	}
	return rows
}

func (h *history) strings(db *sql.DB, query string) (out []string) {
	h.Helper()
	rows, err := db.QueryContext(h.Context(), query)
	if err != nil {
		h.Fatal(query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			h.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	return out
}

// spent is what Claude has cost in all, and how often it was asked for a dry replay.
func (h *history) spent() (micro, dry int64) {
	h.Helper()
	store, err := sqlite.Open(h.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(h.dir, "hls.db")})
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	stats, err := store.Stats(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return stats.Spend.CostMicroUSD, stats.Tallies["aside_calls/dry_replay"]
}

// house is the style that the changed prompts ask for.
const house = "HOUSE STYLE"

// stylish is the stand-in for Claude that follows the house style where the instructions have it: it sets no priority, asks
// for the browser, finds nothing that is only major, breaks nothing, is sure of no discussion, and names other next steps.
func stylish(r simulate.Request) string {
	var answer map[string]any
	text := simulate.Reply(r)
	if !strings.Contains(r.System, house) || json.Unmarshal([]byte(text), &answer) != nil {
		return text
	}
	keep := func(list string, good func(map[string]any) bool) {
		all, _ := answer[list].([]any)
		kept := []any{}
		for _, one := range all {
			if m, ok := one.(map[string]any); ok && good(m) {
				kept = append(kept, m)
			}
		}
		if answer[list] != nil {
			answer[list] = kept
		}
	}
	keep("labels", func(m map[string]any) bool { return !strings.HasPrefix(fmt.Sprint(m["name"]), "priority-") })
	keep("findings", func(m map[string]any) bool { return m["severity"] == "critical" })
	if missing, ok := answer["missing_information"].([]any); ok && len(missing) > 0 {
		answer["missing_information"] = []any{"Which browser do you use, and in which version?"}
	}
	keep("causes", func(m map[string]any) bool {
		m["next_step"] = "Run the test on its own, with -race."
		return true
	})
	keep("breaking", func(map[string]any) bool { return false })
	for _, change := range []struct {
		of, member string
		value      any
	}{{"next_step", "next_step", "Look at the health check first."}, {"duplicates", "confidence", 0.2}} {
		if answer[change.of] != nil && answer["summary"] != nil && answer["missing_information"] == nil {
			answer[change.member] = change.value
		}
	}
	out, _ := json.Marshal(answer)
	return string(out)
}

// tenRecorded are the titles of the steps that ten deliveries of six families are recorded for.
var tenRecorded = []string{
	"Issue: a clear bug report", "Issue: a bug report that says", "Issue: a crash that was reported", "Issue: a wish", "Pull request: an export",
	"Pull request: a typo", "A run of the tests that fails", "A release", "A deployment", "A discussion",
}

var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "<sha>"},
	{regexp.MustCompile(`\.j2 [0-9a-f]{12}`), ".j2 <hash>"},
	{regexp.MustCompile(`settings [0-9a-f]{12}`), "settings <settings>"},
	{regexp.MustCompile(`\d+ tokens in, \d+ out, \$\d+\.\d{4}`), "<tokens>, <price>"},
	{regexp.MustCompile(`\d+ → \d+ tokens, \$\d+\.\d{4} → \$\d+\.\d{4}`), "<tokens>, <price>"},
	{regexp.MustCompile(`\d+ → \d+ +\d+\.\d{4} → \d+\.\d{4}`), "<tokens> <price>"},
	{regexp.MustCompile(`\$\d+\.\d{4}`), "<price>"},
}

func still(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.by)
	}
	return text
}

// changePrompts makes a folder of templates that ask for the house style.
func (h *history) changePrompts() string {
	h.Helper()
	for _, group := range []string{"issues", "pull_requests", "workflows", "releases", "deployments", "discussions"} {
		text, err := os.ReadFile(filepath.Join("../../prompts", group, "system.j2"))
		if err != nil {
			h.Fatal(err)
		}
		h.write("prompts/"+group+"/system.j2", strings.Replace(string(text), "{% block task %}", "{% block task %}\n"+house+": no priorities, and only what is critical.\n", 1))
	}
	return filepath.Join(h.dir, "prompts")
}

// A changed prompt is tried on ten recorded deliveries: what a maintainer reads is in testdata/trials. GitHub is written
// nothing, the record keeps nothing but the cost, and asking again with nothing changed tells of no difference.
func TestE1_TenDeliveriesAreTriedWithoutATrace(t *testing.T) {
	t.Parallel()
	h := recordScenario(t, tenRecorded...)
	if len(h.done) < 10 {
		t.Fatalf("only %d deliveries are done", len(h.done))
	}
	ids := h.done[:10]
	h.claude.SetAnswer(stylish)
	wrote, before := len(h.github.Writes()), h.dump()
	cost, _ := h.spent()
	asked := len(h.claude.Calls())

	h.run("deliveries replay --dry-run " + strings.Join(ids, " "))
	if h.code != exitDone || !strings.Contains(h.out, "10 deliveries: 0 differ") {
		t.Errorf("nothing is changed: %d\n%s%s", h.code, h.out, h.err)
	}
	h.run("deliveries replay --dry-run --prompt-dir " + h.changePrompts() + " " + strings.Join(ids, " "))
	if h.code != exitDone {
		t.Fatalf("%d\n%s%s", h.code, h.out, h.err)
	}
	h.golden("changed_prompt", still(h.out))

	if n := len(h.github.Writes()); n != wrote {
		t.Errorf("%d writes to GitHub", n-wrote)
	}
	for table, rows := range h.dump() {
		if rows != before[table] {
			t.Errorf("the table %s is changed:\n%s\nwas\n%s", table, rows, before[table])
		}
	}
	calls := h.claude.Calls()[asked:]
	now, dry := h.spent()
	if now <= cost || int(dry) != len(calls) || len(calls) < 10 {
		t.Errorf("asked %d times, %d of them counted; %d micro-dollars, before %d", len(calls), dry, now, cost)
	}
}

func (h *history) golden(name, got string) {
	h.Helper()
	file := filepath.Join("testdata", "trials", name+".txtar")
	if *updateTrials {
		text := txtar.Format(&txtar.Archive{Files: []txtar.File{{Name: "printed", Data: []byte(got)}}})
		if err := os.WriteFile(file, text, 0o644); err != nil {
			h.Fatal(err)
		}
		return
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		h.Fatal(err)
	}
	if want := string(archive.Files[0].Data); got != want {
		h.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
