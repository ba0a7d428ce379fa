package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// rest is appended to files whose own lines are only about what is bad in them.
const rest = "\ngithub: {token: t, webhook_secret: a test secret}\nclaude: {api_key: k}\n"

func TestO4_BadFilesNameLineAndKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":      {"server:\n  prot: 1" + rest, `s.yaml:2:3: server.prot: unknown key; did you mean port?`},
		"unknown section":  {"sever: {}" + rest, `s.yaml:1:1: sever: unknown key; did you mean server?`},
		"key of another":   {"server: {debounce: 1s}" + rest, `s.yaml:1:10: server.debounce: unknown key; did you mean processing.debounce?`},
		"nothing near":     {"telemetry: {zzzzzzzzzzzz: 1}" + rest, `s.yaml:1:13: telemetry.zzzzzzzzzzzz: unknown key; known here: otlp_endpoint`},
		"in a list":        {"repositories:\n  - name: a/b\n  - name: c/d\n    evnts: []" + rest, `s.yaml:4:5: repositories[1].evnts: unknown key; did you mean events?`},
		"text for number":  {"server:\n  port: eighty" + rest, `s.yaml:2:9: server.port: want a whole number, got "eighty"`},
		"quoted number":    {`server: {port: "80"}` + rest, `s.yaml:1:16: server.port: want a whole number, got "80"`},
		"fraction":         {"server: {port: 80.5}" + rest, `s.yaml:1:16: server.port: want a whole number, got 80.5`},
		"too large number": {"server: {port: 99999999999999999999}" + rest, `s.yaml:1:16: server.port: want a whole number, got 99999999999999999999`},
		"out of range":     {"server: {port: 65536}" + rest, `s.yaml:1:16: server.port: want 0 to 65535, got 65536`},
		"negative":         {"claude: {api_key: k, max_tokens: -1}\ngithub: {token: t, webhook_secret: a test secret}", `s.yaml:1:34: claude.max_tokens: want 1 or more, got -1`},
		"not a truth":      {"features:\n  dry_run: maybe" + rest, `s.yaml:2:12: features.dry_run: want true or false, got "maybe"`},
		"truth for text":   {"server: {host: true}" + rest, `s.yaml:1:16: server.host: want text, got true`},
		"bare duration":    {"processing: {debounce: 10}" + rest, `s.yaml:1:24: processing.debounce: want a duration such as 10s, 5m, 2h or 30d, got 10`},
		"no time to run":   {"processing: {timeout: 0s}" + rest, `s.yaml:1:23: processing.timeout: want 1s or more`},
		"no patience":      {"processing: {give_up_after: 0s}" + rest, `s.yaml:1:29: processing.give_up_after: want more than 0s`},
		"share of a cap":   {"claude: {api_key: k, budget: {cheaper_at: 80}}\ngithub: {token: t, webhook_secret: a test secret}", `s.yaml:1:43: claude.budget.cheaper_at: want 0 to 1, got 80`},
		"all for commands": {"claude: {api_key: k, budget: {command_reserve: 1}}\ngithub: {token: t, webhook_secret: a test secret}", `claude.budget.command_reserve: want 0 to 0.9, got 1`},
		"ladder that goes up": {"claude: {api_key: k, budget: {labels_only_at: 0.7}}\ngithub: {token: t, webhook_secret: a test secret}",
			`claude.budget.cheaper_at: want no more than labels_only_at (0.7)`},
		"bad duration":     {"processing: {debounce: 10x}" + rest, `s.yaml:1:24: processing.debounce: want a duration such as 10s, 5m, 2h or 30d, got "10x"`},
		"past duration":    {"processing: {debounce: -1s}" + rest, `s.yaml:1:24: processing.debounce: want 0 or more, got "-1s"`},
		"text for section": {"server: here" + rest, `s.yaml:1:9: server: want a mapping of keys, got other text`},
		"list for section": {"server: [1]" + rest, `s.yaml:1:9: server: want a mapping of keys, got a list`},
		"section for text": {"server: {host: {a: b}}" + rest, `s.yaml:1:16: server.host: want text, got a mapping`},
		"text for list":    {"repositories: owner/repo" + rest, `s.yaml:1:15: repositories: want a list, got other text`},
		"whole file":       {"- a", `s.yaml:1:1: want a mapping of keys, got a list`},
		"bad choice":       {"logging: {format: jsn}" + rest, `s.yaml:1:19: logging.format: want one of json, text, got "jsn"; did you mean json?`},
		"bad level":        {"logging: {level: loud}" + rest, `s.yaml:1:18: logging.level: want one of DEBUG, INFO, WARNING, ERROR`},
		"bad network":      {"server: {trusted_proxies: [10.0.0.0/8, nowhere]}" + rest, `s.yaml:1:40: server.trusted_proxies[1]: want an IP address or network such as 10.0.0.0/8, got "nowhere"`},
		"duplicate key":    {"server:\n  port: 1\n  port: 2" + rest, `s.yaml:3:3: server.port: set twice; the first is on line 2`},
		"syntax":           {"server:\n  port: 1: 2" + rest, `s.yaml:2:10: not valid YAML: mapping values are not allowed in this context`},
		"tab":              {"server:\n\tport: 1" + rest, `s.yaml:2:1: not valid YAML: found character that cannot start any token`},
		"two documents":    {"a: 1\n---\nb: 2", `s.yaml:2:1: a second document begins here; the settings are one document, without ---`},
		"foreign tag":      {"server: {host: !!binary Zm9v}" + rest, `s.yaml:1:16: server.host: tags such as !!binary have no meaning here`},
		"unknown alias":    {"server: *ghp_secretvalue" + rest, `s.yaml:1:9: not valid YAML: an alias (*name) stands here whose anchor (&name) does not; put text that begins with * in quotes`},
		"merged text":      {"server: {<<: text}" + rest, `s.yaml:1:14: server: a merge key (<<) takes a mapping`},
		"endless alias":    {"repositories: &x [*x]" + rest, `holds too many values, or nests them too deeply`},
		"unset variable":   {"logging:\n  file: /var/${NOPE}/x" + rest, "s.yaml:2:9: logging.file: the environment variable NOPE is not set; set it, or write ${NOPE:-default}"},
		"variable's type":  {"server: {port: \"${GITHUB_TOKEN}\"}" + rest, "s.yaml:1:16: server.port: want a whole number, got what ${GITHUB_TOKEN} holds"},
		"no token":         {"github:\n  webhook_secret: a test secret\nclaude: {api_key: k}", `s.yaml:2:3: github.token: missing; set it to a personal access token, as "${GITHUB_TOKEN}", or set github.app`},
		"no secret":        {"github: {token: t}\nclaude: {api_key: k}", `s.yaml:1:9: github.webhook_secret: missing`},
		"empty own secret": {"repositories:\n  - name: o/r\n    webhook_secret: \"${NOPE:-}\"" + rest, `s.yaml:3:21: repositories[0].webhook_secret: is empty`},
		"no key":           {"github: {token: t, webhook_secret: a test secret}", `s.yaml:1:1: claude.api_key: missing`},
		"no name":          {"repositories:\n  - events: [issues]" + rest, `s.yaml:2:5: repositories[0].name: missing`},
		"half an app":      {"github:\n  app: {id: 1}\n  webhook_secret: a test secret\nclaude: {api_key: k}", `s.yaml:2:8: github.app: needs one of private_key and private_key_file`},
		"token and app":    {"github:\n  app: {id: 1, private_key: x}\n  token: t\n  webhook_secret: a test secret\nclaude: {api_key: k}", `s.yaml:2:8: github.app: cannot be set beside github.token`},
		"half of tls":      {"server:\n  tls: {cert_file: x}" + rest, `s.yaml:2:8: server.tls: needs both cert_file and key_file`},
		"taken path":       {"server: {webhook_path: /ui/x}" + rest, `s.yaml:1:24: server.webhook_path: want a path such as /webhook`},
		"bad url":          {"telemetry: {otlp_endpoint: 'collector:4318'}" + rest, `s.yaml:1:28: telemetry.otlp_endpoint: want a URL such as https://example.com`},
		"bad storage":      {"storage: {url: mysql://x}" + rest, `s.yaml:1:16: storage.url: want sqlite:PATH, as sqlite:data/hls.db`},
		"bad event":        {"repositories:\n  - name: a/b\n    events: [issues, isues]" + rest, `s.yaml:3:22: repositories[0].events[1]: `},
		"bad glob":         {"repositories:\n  - name: a/b\n    ignore:\n      paths: ['[a']" + rest, `s.yaml:4:15: repositories[0].ignore.paths[0]: `},
		"bad regexp":       {"repositories:\n  - name: a/b\n    ignore: {title_patterns: [ok, '(']}" + rest, `s.yaml:3:35: repositories[0].ignore.title_patterns[1]: the regular expression is malformed`},
		"second bad label": {"repositories: [{name: a/b, labels: {categories: {kind: [{nam: x}], size: [{nam: y}]}}}]" + rest, `repositories[0].labels.categories: size: `},
		"bad name":         {"repositories: [{name: noslash}]" + rest, `s.yaml:1:23: repositories[0].name: `},
		"bad label":        {"repositories: [{name: a/b, labels: {categories: {kind: [bug, {nam: x}]}}}]" + rest, `s.yaml:1:49: repositories[0].labels.categories: kind: unknown key "nam"`},
		"twice configured": {"repositories: [{name: a/b}, {name: A/B}]" + rest, `s.yaml:1:36: repositories[1].name: `},
		"typo in variable": {"github:\n  token: ${GITHUB-TOKEN}\n  webhook_secret: a test secret\nclaude: {api_key: k}", "s.yaml:2:10: github.token: holds ${…} that names no variable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.text)
			if err == nil || !strings.Contains("\n"+err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

// A value that two checks refuse is one problem.
func TestProblemIsToldOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "repositories:\n  - name: a/b\n    labels: {min_confidence: 2}"+rest)
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != 1 || problems.List[0].Key != "repositories[0].labels.min_confidence" {
		t.Errorf("got:\n%v", err)
	}
}

func TestO4_WeakSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"short", "1234567", "changeme", "change-me", "CHANGE_ME", "your-secret-here",
		"your_webhook_secret", "password", "secret"} {
		_, err := load(t, "github:\n  token: t\n  webhook_secret: '"+bad+"'\nclaude: {api_key: k}\n")
		if err == nil || !strings.HasPrefix(err.Error(), "s.yaml:3:19: github.webhook_secret: is ") {
			t.Errorf("%s: %v", bad, err)
		}
		if bad != "secret" && bad != "short" && err != nil && strings.Contains(err.Error(), bad) {
			t.Errorf("the message shows the secret: %v", err)
		}
	}
	for _, good := range []string{"test-secret-123", "It''s a Secret to Everybody", "hook-test", "webhook-secret"} {
		if _, err := load(t, "github: {token: t, webhook_secret: '"+good+"'}\nclaude: {api_key: k}\n"); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if _, err := load(t, minimal+"server: {admin_token: admin}"); err == nil || !strings.Contains(err.Error(), "server.admin_token: is too short") {
		t.Errorf("admin token: %v", err)
	}
}

func TestS2_AViewersTokenIsNotTheOperators(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"viewer_token: a-viewer-token":                              "server.viewer_token: needs server.admin_token beside it",
		"admin_token: an-admin-token, viewer_token: an-admin-token": "server.viewer_token: is the same as server.admin_token",
		"admin_token: an-admin-token, viewer_token: view":           "server.viewer_token: is too short",
		"admin_token: an-admin-token, viewer_token: change-me":      "server.viewer_token: is still the example's",
		"admin_token: an-admin-token, viewer_token: a-viewer-token": "",
	} {
		_, err := load(t, minimal+"server: {"+server+"}\n")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", server, err)
		}
	}
}

func TestS2_NamesOfTheServerAreNames(t *testing.T) {
	t.Parallel()
	for name, fine := range map[string]bool{
		"hls.example.com": true, "hls": true, "10.0.0.7": true, "'2001:db8::1'": true,
		"'*'": false, "'*.example.com'": false, "https://hls.example.com": false, "'hls.example.com:8000'": false, "hls.example.com/ui": false, "''": false, "'-'": false,
	} {
		_, err := load(t, minimal+"server: {allowed_hosts: ["+name+"]}\n")
		if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "s.yaml:3:26: server.allowed_hosts[0]: want a name") {
			t.Errorf("%s: %v", name, err)
		}
	}
	warned := mustLoad(t, minimal+"server: {pprof: true, trusted_proxies: [10.0.0.0/8], admin_token: an-admin-token}\n").Warnings()
	if !slices.ContainsFunc(warned, func(w Warning) bool { return w.Key == "server.pprof" }) {
		t.Error("no warning that the profiles answer nobody")
	}
}

func TestI4_UnsignedOnlyOnLoopback(t *testing.T) {
	t.Parallel()
	for host, fine := range map[string]bool{
		"127.0.0.1": true, "localhost": true, "::1": true, "127.8.8.8": true,
		"0.0.0.0": false, "::": false, "192.168.0.1": false, "localhost.example.com": false, "example.com": false,
	} {
		s, err := load(t, minimal+"features: {signature_validation: false}\nserver: {host: '"+host+"'}\n")
		if (err == nil) != fine {
			t.Errorf("%s: %v", host, err)
		}
		if err != nil && !strings.Contains(err.Error(), "s.yaml:3:34: features.signature_validation: cannot be false") {
			t.Errorf("%s: %v", host, err)
		}
		if err == nil && len(s.Warnings()) == 0 {
			t.Errorf("%s: no warning", host)
		}
	}
	if _, err := load(t, "github: {token: t}\nclaude: {api_key: k}\nfeatures: {signature_validation: false}\n"); err != nil {
		t.Errorf("without signatures no secret is needed: %v", err)
	}
}

func TestProblemsOfOurVariablesNameThem(t *testing.T) {
	t.Parallel()
	_, err := load(t, minimal, map[string]string{"HLS_DATABASE_URL": "mysql://x", "ANTHROPIC_BASE_URL": "nowhere"})
	for _, want := range []string{
		"s.yaml: storage.url: want sqlite:PATH, as sqlite:data/hls.db; the environment variable HLS_DATABASE_URL gives it",
		"s.yaml: claude.base_url: want a URL such as https://example.com; the environment variable ANTHROPIC_BASE_URL gives it",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, `server:
  prot: 1
  port: eighty
  port: 3
repositories:
  - events: [issues]
  - name: a/b
    events: isues
features: {dry_run: perhaps}
processing: {timeout: soon}
claude: {api_key: "${NOPE}"}
`)
	var problems *Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	var keys []string
	for i, p := range problems.List {
		keys = append(keys, p.Key)
		if p.File != "s.yaml" || p.Line == 0 || p.Col == 0 {
			t.Errorf("no place: %+v", p)
		}
		if i > 0 && p.Line < problems.List[i-1].Line {
			t.Errorf("out of order: %s", p)
		}
	}
	want := "github.token github.webhook_secret server.prot server.port server.port repositories[0].name " +
		"repositories[1].events[0] features.dry_run processing.timeout claude.api_key"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
