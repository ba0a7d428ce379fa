package app_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestS2_AdminPathsAskForTheToken(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	for _, path := range []string{"/stats", "/metrics", "/api/v1/deliveries", "/api/v1/deliveries/x"} {
		for _, token := range []string{"", "wrong", adminToken + "x", adminToken[1:]} {
			if code, _ := s.fetch(path, token); code != http.StatusUnauthorized {
				t.Errorf("GET %s with %q: %d", path, token, code)
			}
		}
		if code, _ := s.fetch(path, adminToken); code == http.StatusUnauthorized {
			t.Errorf("GET %s with the token: %d", path, code)
		}
	}
	for _, path := range []string{"/health", "/livez", "/readyz"} {
		if code, _ := s.fetch(path, ""); code != http.StatusOK {
			t.Errorf("GET %s: %d", path, code)
		}
	}
}

// With no token configured only this machine itself is let in: no proxy, no foreign Host.
func TestS2_NoTokenMeansLoopbackOnly(t *testing.T) {
	t.Parallel()
	s := start(t, "repositories: [{name: acme/widget-shop}]\n", shop(), answering(bugAnswer))
	s.stop()
	ghURL, stop := s.github.Start()
	defer stop()
	s.run(strings.Replace(settingsFor(ghURL, "http://127.0.0.1:1", t.TempDir()), "admin_token: \""+adminToken+"\", ", "", 1) + "repositories: [{name: acme/widget-shop}]\n")
	if code, _ := s.fetch("/stats", ""); code != http.StatusOK {
		t.Errorf("from loopback: %d", code)
	}
	for name, change := range map[string]func(*http.Request){
		"through a proxy":     func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") },
		"by a standard proxy": func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") },
		"under another host":  func(r *http.Request) { r.Host = "evil.example:8000" },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/stats", nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
}

func TestHealthAndStatsHaveTheContractsNames(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.send(d)
	s.settled(d.GUID)
	health := s.get("/health")
	if health["status"] != "healthy" {
		t.Errorf("health %v", health)
	}
	components := health["components"].(map[string]any)
	for _, name := range []string{"storage", "queue", "prompts", "github", "claude"} {
		if line, _ := components[name].(map[string]any); line["status"] != "healthy" || line["last_success"] == nil {
			t.Errorf("component %s: %v", name, line)
		}
	}
	stats := s.get("/stats")
	for _, name := range []string{"uptime_seconds", "total_webhooks", "successful_processing", "failed_processing", "success_rate",
		"average_processing_time", "processing_time", "events_by_type", "events_by_repo", "github_api", "claude_api", "queue", "handlers", "repositories"} {
		if stats[name] == nil {
			t.Errorf("stats have no %s", name)
		}
	}
	if stats["total_webhooks"] != 2.0 || stats["successful_processing"] != 1.0 || stats["success_rate"] != 1.0 {
		t.Errorf("stats %v", stats)
	}
	core := stats["github_api"].(map[string]any)["rate_limit"].(map[string]any)["core"].(map[string]any)
	if core["limit"] != 5000.0 || core["remaining"].(float64) <= 0 {
		t.Errorf("rate limit %v", core)
	}
	claude := stats["claude_api"].(map[string]any)
	if claude["requests_made"] != 1.0 || claude["cost_usd"].(float64) <= 0 {
		t.Errorf("claude %v", claude)
	}
	_, metrics := s.fetch("/metrics", adminToken)
	for _, name := range []string{`hls_requests_total{class="accepted"} 1`, `hls_tasks_total{outcome="done"} 1`, "hls_stage_duration_seconds_bucket", "hls_claude_cost_usd_total"} {
		if !strings.Contains(string(metrics), name) {
			t.Errorf("metrics have no %s", name)
		}
	}
}

// What /stats counts is kept across restarts.
func TestStatsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	before := s.get("/stats")["github_api"].(map[string]any)["requests_made"].(float64)
	s.stop()
	s.run(s.text)
	after := s.get("/stats")["github_api"].(map[string]any)["requests_made"].(float64)
	if before < 3 || after < before {
		t.Errorf("%v requests before the restart, %v after", before, after)
	}
}
