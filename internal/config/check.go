package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
)

// at reports a problem of a value, at its place or the nearest above it.
func (b *binder) at(key, format string, args ...any) {
	if name := b.above[key]; name != "" {
		b.fail(nil, key, format+"; the environment variable "+name+" gives it", args...)
		return
	}
	b.fail(b.find(split(key)), key, format, args...)
}

// check holds what single values cannot tell: required keys, secrets worth the name, keys that go together.
func (b *binder) check(s *Settings) {
	b.required(s)
	b.checkServer(s)
	b.checkGitHub(s)
	b.checkURLs(s)
	b.checkSecrets(s)
	b.checkProcessing(s)
	b.checkBudget(s)
	b.checkRepositories(s)
}

// shortestRun is the least time in which a run can do anything at all.
const shortestRun = time.Second

func (b *binder) checkProcessing(s *Settings) {
	if s.Processing.Timeout < shortestRun && !b.told("processing.timeout") {
		b.at("processing.timeout", "want %s or more: a run reads GitHub, asks Claude and writes to GitHub", shortestRun)
	}
	if s.Processing.GiveUpAfter <= 0 && !b.told("processing.give_up_after") {
		b.at("processing.give_up_after", "want more than 0s: an outage ends it; 24h is a day")
	}
}

func (b *binder) checkBudget(s *Settings) {
	const key = "claude.budget.cheaper_at"
	all := s.Claude.Analyze.Budget
	if all.LabelsOnlyAt > 0 && all.CheaperAt > all.LabelsOnlyAt && !b.told(key) && !b.told("claude.budget.labels_only_at") {
		b.at(key, "want no more than labels_only_at (%v): the cheaper model comes before labels only", all.LabelsOnlyAt)
	}
}

// told tells whether a key has a problem already.
func (b *binder) told(key string) bool {
	return slices.ContainsFunc(b.problems.List, func(p Problem) bool { return p.Key == key })
}

// missing reports a required key, unless its variable is unset and so has been reported.
func (b *binder) missing(key, remedy string) {
	n := b.find(split(key))
	if len(b.unset[n]) == 0 {
		b.fail(n, key, "missing; %s", remedy)
	}
}

func (b *binder) required(s *Settings) {
	app := s.GitHub.App
	if b.need.has(NeedGitHub) && s.GitHub.Token == "" && app.ID == 0 && app.PrivateKey == "" && app.PrivateKeyFile == "" {
		b.missing("github.token", "set it to a personal access token, as \"${GITHUB_TOKEN}\", or set github.app")
	}
	if b.need.has(NeedClaude) && s.Claude.APIKey == "" && s.Claude.Provider == "anthropic" {
		b.missing("claude.api_key", "set it to an Anthropic API key, as \"${ANTHROPIC_API_KEY}\"")
	}
	if b.need.has(NeedWebhooks) && s.Features.SignatureValidation && len(s.GitHub.WebhookSecret) == 0 && !s.ownSecrets() {
		b.missing("github.webhook_secret", "set it to the secret of the webhook, as \"${GITHUB_WEBHOOK_SECRET}\"")
	}
}

var (
	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)
	reserved  = regexp.MustCompile(`^/(health|livez|readyz|stats|metrics|ui|api|debug)(/|$)`)
	hostName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
)

func (b *binder) checkServer(s *Settings) {
	if s.Server.Host == "" {
		b.at("server.host", "is empty; 127.0.0.1 is this machine only, 0.0.0.0 every interface")
	}
	if path := s.Server.WebhookPath; !plainPath.MatchString(path) || reserved.MatchString(path) {
		b.at("server.webhook_path", "want a path such as /webhook that no other page has")
	}
	b.checkAdmin(s)
	if (s.Server.TLS.CertFile == "") != (s.Server.TLS.KeyFile == "") {
		b.at("server.tls", "needs both cert_file and key_file")
	}
	if !s.Features.SignatureValidation && !isLoopback(s.Server.Host) {
		b.at("features.signature_validation",
			"cannot be false while server.host is reachable from other machines: anyone could send deliveries; "+
				"set server.host to 127.0.0.1 or validate signatures")
	}
}

// checkAdmin holds who may do what: a viewer beside an operator, and names that browsers can ask under.
func (b *binder) checkAdmin(s *Settings) {
	switch admin, viewer := s.Server.AdminToken, s.Server.ViewerToken; {
	case viewer == "" || !b.need.has(NeedWebhooks) || b.told("server.admin_token"):
	case admin == "":
		b.at("server.viewer_token", "needs server.admin_token beside it: without one only this machine is let in, to read and to write")
	case admin == viewer:
		b.at("server.viewer_token", "is the same as server.admin_token: who has it could write")
	}
	for i, name := range s.Server.AllowedHosts {
		if _, err := netip.ParseAddr(name); err != nil && !hostName.MatchString(name) {
			b.at(fmt.Sprintf("server.allowed_hosts[%d]", i), "want a name such as hls.example.com, without scheme, port or path")
		}
	}
}

// isLoopback tells whether only this machine can reach a host.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

func (b *binder) checkGitHub(s *Settings) {
	app := s.GitHub.App
	used := app.ID != 0 || app.PrivateKey != "" || app.PrivateKeyFile != ""
	switch {
	case !used || !b.need.has(NeedGitHub):
	case s.GitHub.Token != "":
		b.at("github.app", "cannot be set beside github.token; keep one of them")
	case app.ID == 0:
		b.missing("github.app.id", "set it to the App's number")
	case (app.PrivateKey == "") == (app.PrivateKeyFile == ""):
		b.at("github.app", "needs one of private_key and private_key_file")
	}
}

func (b *binder) checkURLs(s *Settings) {
	for _, at := range s.urls() {
		u, err := url.Parse(at.text)
		if at.text != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			b.at(at.key, "want a URL such as https://example.com")
		}
	}
	if storage := s.Storage.URL; !strings.HasPrefix(storage, "sqlite:") &&
		!strings.HasPrefix(storage, "postgres://") && !strings.HasPrefix(storage, "postgresql://") {
		b.at("storage.url", "want sqlite:PATH, as sqlite:data/hls.db")
	}
}

// setting is a text of the settings and its key.
type setting struct{ key, text string }

func (s *Settings) urls() []setting {
	return []setting{
		{"server.public_url", s.Server.PublicURL},
		{"github.base_url", s.GitHub.BaseURL},
		{"claude.base_url", s.Claude.BaseURL},
		{"telemetry.otlp_endpoint", s.Telemetry.OTLPEndpoint},
	}
}

// shortestSecret is the least number of bytes of a secret that guards something of ours.
const shortestSecret = 8

// examples are secrets out of documentation, without their case and punctuation.
var examples = map[string]bool{
	"changeme": true, "changethis": true, "replaceme": true, "secretsecret": true, "password": true, "12345678": true,
	"yoursecret": true, "yoursecrethere": true, "yourwebhooksecret": true, "yourwebhooksecrethere": true,
	"yoursecretkey": true, "yoursupersecret": true, "yoursecrettoken": true, "yourtokenhere": true,
	"yourgithubtoken": true, "yourgithubtokenhere": true, "yourapikey": true, "yourapikeyhere": true,
	"yourapikeyhereplease": true, "youranthropicapikey": true, "youranthropicapikeyhere": true,
	"youradmintoken": true, "youradmintokenhere": true, "insertsecrethere": true, "xxxxxxxx": true,
}

var punctuation = strings.NewReplacer("-", "", "_", "", " ", "", ".", "", "<", "", ">", "")

// weak says why a secret is none, or "". Only those that guard something of ours must have a length.
func weak(secret hls.Secret, guards bool) string {
	text := secret.Reveal()
	switch {
	case guards && len(text) < shortestSecret:
		return "is too short to be a secret; use at least 8 characters, better 32 random ones (openssl rand -hex 32)"
	case examples[strings.ToLower(punctuation.Replace(text))]:
		return "is still the example's; put a real secret in its place (openssl rand -hex 32 makes one)"
	default:
		return ""
	}
}

func (b *binder) checkSecrets(s *Settings) {
	b.checkOwnSecrets(s)
	for _, found := range secretsOf(s) {
		if found.value == "" {
			continue
		}
		guards := strings.Contains(found.key, "webhook_secret") || found.key == "server.admin_token" || found.key == "server.viewer_token"
		if why := weak(found.value, guards); why != "" {
			b.at(b.written(found.key), "%s", why)
		}
		if n := b.find(split(found.key)); strings.Contains(n.Value, "${") && len(b.from[n]) == 0 {
			b.at(b.written(found.key), "holds ${…} that names no variable; write ${NAME} with letters, digits and _")
		}
	}
}

// checkOwnSecrets refuses a repository's secret that is written and empty: taking it for none would let the wider
// secret prove the repository's deliveries.
func (b *binder) checkOwnSecrets(s *Settings) {
	for i, r := range s.Repositories {
		n := child(b.find([]string{"repositories", strconv.Itoa(i)}), "webhook_secret")
		if len(r.WebhookSecret) == 0 && n != nil && len(b.unset[n]) == 0 && b.need.has(NeedWebhooks) {
			b.fail(n, fmt.Sprintf("repositories[%d].webhook_secret", i), "is empty; set it, or leave the key out to use github.webhook_secret")
		}
	}
}

// written is a key as the file has it: the one item of a list may be written without the list.
func (b *binder) written(key string) string {
	list, item := strings.CutSuffix(key, "[0]")
	if item && b.find(split(list)).Kind == yaml.ScalarNode {
		return list
	}
	return key
}
