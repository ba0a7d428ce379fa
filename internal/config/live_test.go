package config

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryKeyHasItsForce(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, key := range Keys() {
		if key.Leaf && key.Force() == "" {
			t.Errorf("%s: forces does not say when a change comes into force", key.Path)
		}
		used[key.Path] = true
	}
	for path := range forces {
		if !used[path] {
			t.Errorf("forces names %s, which is no key", path)
		}
	}
}

func TestChangedNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	before := "server: {port: 1, tls: {cert_file: a, key_file: b}}\ngithub: {token: t, webhook_secret: a test secret}\n" +
		"claude: {api_key: k, temperature: 0.5}\nrepositories: [{name: a/b}]\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":     {"", "", ""},
		"a number":    {"port: 1", "port: 2", "server.port"},
		"deeper":      {"cert_file: a", "cert_file: c", "server.tls.cert_file"},
		"a pointer":   {"temperature: 0.5", "temperature: 0.7", "claude.temperature"},
		"an unset":    {", temperature: 0.5", "", "claude.temperature"},
		"a secret":    {"token: t,", "token: u,", "github.token"},
		"in a list":   {"name: a/b", "name: a/b, model: claude-opus-5-5", "repositories"},
		"two":         {"port: 1", "port: 2, host: localhost", "server.host server.port"},
		"the default": {"port: 1", "port: 1, shutdown_grace: 30s", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, key := range Changed(mustLoad(t, before), mustLoad(t, strings.Replace(before, c.old, c.new, 1))) {
				got = append(got, key.Path)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoAdminTokenWarnsWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"": "", "host: 0.0.0.0": "answer only this machine", "host: 0.0.0.0, admin_token: an-admin-token": "",
		"trusted_proxies: [10.0.0.0/8]": "answer nobody", "trusted_proxies: [10.0.0.0/8], admin_token: an-admin-token": "",
	} {
		got := ""
		for _, w := range mustLoad(t, minimal+"server: {"+server+"}\n").Warnings() {
			if w.Key == "server.admin_token" || w.Key == "server.trusted_proxies" {
				got += w.Message
			}
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: warning %q", server, got)
		}
	}
}

func TestNoMoneyCapWarns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                        true,
		"budget: {per_actor_daily_events: 5}":     true,
		"budget: {per_repository_daily_usd: 0}":   true,
		"budget: {daily_usd: 1}":                  false,
		"budget: {monthly_usd: 1}":                false,
		"budget: {per_repository_daily_usd: 0.5}": false,
		"budget: {per_repository_monthly_usd: 5}": false,
		"budget: {per_actor_daily_usd: 1}":        true,
	} {
		s := mustLoad(t, "github: {token: t, webhook_secret: a test secret}\nrepositories: [{name: a/b}, {name: c/d, budget: {daily_usd: 5}}]\n"+
			"claude: {api_key: k, "+text+"}\n")
		got := slices.ContainsFunc(s.Warnings(), func(w Warning) bool { return w.Key == "claude.budget" })
		if got != want {
			t.Errorf("%q: warning %t", text, got)
		}
	}
	s := mustLoad(t, "github: {token: t, webhook_secret: a test secret}\nrepositories: [{name: a/b, budget: {daily_usd: 0}}]\n"+
		"claude: {api_key: k, budget: {per_repository_daily_usd: 1}}\n")
	if !slices.ContainsFunc(s.Warnings(), func(w Warning) bool { return w.Key == "claude.budget" }) {
		t.Error("no warning for a repository whose own 0 lifts the cap")
	}
}
