package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	metricsPage = "../../docs/metrics.md"
	tableBegins = "<!-- table: metrics, made from a running service by go test ./internal/app -run TestMetrics -update -->\n"
	tableEnds   = "<!-- end -->\n"
)

// exposed is one metric as a service tells it.
type exposed struct {
	name, kind, help string
	labels           map[string][]string // the values seen
}

// busy is a service that has every metric to tell: work that went well, was skipped and was parked, secrets, caps, refusals.
func busy(t *testing.T) *service {
	t.Helper()
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "Key", Author: "mona", Body: "My key is AKIAIOSFODNN7EXAMPLE and ghp_0123456789abcdefghijABCDEFGHIJ012345"})
	s := start(t, widgetSettings, gh, knowing())
	s.stop()
	s.run(strings.Replace(s.text, "claude: {", "claude: {budget: {daily_usd: 100, monthly_usd: 1000}, ", 1))
	about := func(event string, payload []byte) {
		d := simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1, Payload: payload}
		s.send(d)
		s.settled(d.GUID)
	}
	about("issues", gh.IssuePayload(widgets, 7, "opened", "mona", nil))
	about("issues", gh.IssuePayload(widgets, 9, "opened", "mona", nil))
	about("pull_request", gh.PullRequestPayload(widgets, 8, "opened", "paul", nil))
	about("issues", bytes.Replace(gh.IssuePayload(widgets, 7, "opened", "mona", nil), []byte(`"number":7`), []byte(`"number":404`), 1))
	if _, _, err := simulate.Send(t.Context(), s.url+"/webhook", "another secret", simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	return s
}

// scraped is what /metrics says, and the metrics of HLS in it.
func scraped(t *testing.T, s *service) (string, map[string]*exposed) {
	t.Helper()
	code, body := s.fetch("/metrics", adminToken)
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	metrics := map[string]*exposed{}
	for line := range strings.Lines(string(body)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")), " ")
		switch m := metrics[name]; {
		case strings.HasPrefix(line, "# HELP "):
			metrics[name] = &exposed{name: name, help: rest, labels: map[string][]string{}}
		case strings.HasPrefix(line, "# TYPE "):
			m.kind = rest
		default:
			sample(metrics, line)
		}
	}
	return string(body), metrics
}

var (
	sampled = regexp.MustCompile(`^([a-z_]+?)(_bucket|_sum|_count)?(\{.*\})? [^ ]+\n$`)
	labeled = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

func sample(metrics map[string]*exposed, line string) {
	parts := sampled.FindStringSubmatch(line)
	if parts == nil {
		return
	}
	m := metrics[parts[1]]
	if m == nil {
		m = metrics[parts[1]+parts[2]]
	}
	for _, label := range labeled.FindAllStringSubmatch(parts[3], -1) {
		if m != nil && label[1] != "le" && !slices.Contains(m.labels[label[1]], label[3]) {
			m.labels[label[1]] = append(m.labels[label[1]], label[3])
		}
	}
}

// The metrics of a running service pass promtool, and docs/metrics.md has them all, with what their labels are.
func TestMetricsAreWellMadeAndDocumented(t *testing.T) {
	t.Parallel()
	text, metrics := scraped(t, busy(t))
	if out, err := promtool(t, text, "check", "metrics"); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	table := "| metric | kind | labels | |\n| --- | --- | --- | --- |\n"
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		m := metrics[name]
		if !strings.HasPrefix(name, "hls_") {
			continue
		}
		if len(m.help) < 10 || m.kind == "untyped" || (m.kind == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s: %q", name, m.kind, m.help)
		}
		labels := ""
		for _, label := range slices.Sorted(maps.Keys(m.labels)) {
			labels += ", `" + label + "`"
			if n := len(m.labels[label]); n > 64 {
				t.Errorf("%s has %d values of %s", name, n, label)
			}
		}
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, m.kind, strings.TrimPrefix(labels, ", "), m.help)
	}
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), tableBegins)
	old, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		t.Fatal("docs/metrics.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(metricsPage, []byte(before+tableBegins+table+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("docs/metrics.md is not what the service tells; want\n%s", table)
	}
}

// promtool runs a check over a text. It is found where make installs it.
func promtool(t *testing.T, text string, args ...string) ([]byte, error) {
	t.Helper()
	if os.Getenv("HLS_TEST_PROMTOOL") == "off" {
		t.Skip("HLS_TEST_PROMTOOL=off")
	}
	path, err := exec.LookPath("promtool")
	if err != nil {
		path, err = filepath.Abs("../../bin/promtool")
	}
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("there is no promtool: make tools installs it (out of Debian's package prometheus), and HLS_TEST_PROMTOOL=off leaves this test out: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(text)
	return cmd.CombinedOutput()
}

var (
	named   = regexp.MustCompile(`\b(hls_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	grouped = regexp.MustCompile(`\b(?:by|without)\s*\(([^)]*)\)`)
	legend  = regexp.MustCompile(`\{\{ *(?:\$labels\.)?([a-z]+) *\}\}`)
)

// Every query of the alerts and of the dashboard names metrics that there are, with labels and values that they have.
func TestMetricsOfAlertsAndDashboardsExist(t *testing.T) {
	t.Parallel()
	_, metrics := scraped(t, busy(t))
	for _, file := range []string{"../../deploy/prometheus/hls.rules.yaml", "../../deploy/grafana/hls.json"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), `\"`, `"`)
		used := map[string]bool{"job": true, "instance": true, "pod": true, "le": true}
		count := 0
		for _, q := range named.FindAllStringSubmatch(text, -1) {
			count++
			m := metrics[q[1]]
			if base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(q[1], ""); m == nil && metrics[base] != nil && metrics[base].kind == "histogram" {
				m = metrics[base]
			}
			if m == nil {
				t.Errorf("%s names %s, which the service does not tell", file, q[1])
				continue
			}
			maps.Copy(used, labelsOf(m))
			for _, match := range labeled.FindAllStringSubmatch(q[2], -1) {
				checkMatch(t, m, match)
			}
		}
		for _, list := range grouped.FindAllStringSubmatch(text, -1) {
			for _, label := range strings.Split(list[1], ",") {
				if !used[strings.TrimSpace(label)] {
					t.Errorf("%s groups by %s, which no metric in it has", file, label)
				}
			}
		}
		for _, label := range legend.FindAllStringSubmatch(text, -1) {
			if !used[label[1]] {
				t.Errorf("%s shows %s, which no metric in it has", file, label[1])
			}
		}
		if count < 15 {
			t.Errorf("%s: only %d queries were looked at", file, count)
		}
	}
}

func labelsOf(m *exposed) map[string]bool {
	out := map[string]bool{}
	for name := range m.labels {
		out[name] = true
	}
	return out
}

// checkMatch holds a matcher against the values that there can be.
func checkMatch(t *testing.T, m *exposed, match []string) {
	t.Helper()
	label := match[1]
	if label == "job" || label == "instance" {
		return
	}
	values, has := m.labels[label]
	if !has {
		t.Errorf("%s has no label %s", m.name, label)
	}
	values = append(values, closed[m.name+" "+label]...)
	for _, value := range strings.Split(match[3], "|") {
		if !slices.Contains(values, value) {
			t.Errorf("%s{%s=%q}: there is no such value among %q", m.name, label, value, values)
		}
	}
}

// closed are values of labels that the service has not all told of.
var closed = map[string][]string{
	"hls_effects_total state":         {string(hls.EffectDone), string(hls.EffectFailed), string(hls.EffectUnknown), string(hls.EffectProposed), string(hls.EffectUndone)},
	"hls_request_reasons_total class": {string(hls.Rejected), string(hls.Deferred), string(hls.Conflict)},
	"hls_task_reasons_total outcome":  {string(hls.Skipped), string(hls.Parked)},
}

// Each alert has a test in which it fires, one in which it does not, and a row in docs/metrics.md.
func TestAlertsAreTestedAndDocumented(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rules, tests, page := read("../../deploy/prometheus/hls.rules.yaml"), read("../../deploy/prometheus/hls.rules.test.yaml"), read(metricsPage)
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	for _, alert := range alerts {
		name := alert[1]
		fires := regexp.MustCompile(`- alertname: ` + name + `\n +eval_time: \w+\n +exp_alerts:`).MatchString(tests)
		if silent := strings.Contains(tests, "- {alertname: "+name+", "); !fires || !silent || !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%s: fires %t and is silent %t in tests, documented %t", name, fires, silent, strings.Contains(page, "`"+name+"`"))
		}
	}
	if len(alerts) < 10 {
		t.Errorf("%d alerts", len(alerts))
	}
}
