package config

import (
	"os"
	"strings"
	"testing"

	"hls/internal/hls"
)

// The settings that packages bring load, with what their environment files name, and with the optional part of it empty.
func TestDeployedSettingsLoad(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"GITHUB_TOKEN": "a-token-of-the-tests", "GITHUB_WEBHOOK_SECRET": "a-webhook-secret-of-the-tests", "ANTHROPIC_API_KEY": "a-key-of-the-tests",
		"HLS_ADMIN_TOKEN": "an-admin-token-of-the-tests", "HLS_NOTIFY_URL": "",
	}
	for _, file := range []string{"../../deploy/systemd/settings.yaml", "../../deploy/kubernetes/settings.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(file, text, Options{Env: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		}})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if r := s.Repositories[0]; s.Claude.Analyze.Budget.DailyUSD == 0 || r.Mode != "shadow" || s.Server.AdminToken == "" || s.Notify.WebhookURL != "" {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

// Of the address of a chat only what nobody could guess is a secret: the rest stands in any address.
func TestS1_SecretOfAnAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://hooks.slack.com/services/T01ABCDEF/B02ABCDEF/abcdefghij0123456789abcd":      "abcdefghij0123456789abcd",
		"https://discord.com/api/webhooks/123456789012345678/token-0123456789abcdef/slack":   "123456789012345678 token-0123456789abcdef",
		"https://chat.example.com/hooks/incoming?token=0123456789abcdef&channel=maintainers": "0123456789abcdef",
		"https://chat.example.com/hooks/short":                                               "short",
		"https://chat.example.com/incoming-webhooks-of-ours/abcdef":                          "incoming-webhooks-of-ours",
	} {
		got := ""
		for _, part := range hiddenIn(hls.Secret(address)) {
			got += " " + part.Reveal()
		}
		if got != " "+want {
			t.Errorf("%s: %q", address, got)
		}
		s := Default()
		s.Notify.WebhookURL = hls.Secret(address)
		if known := s.Secrets(); len(known) != len(strings.Fields(want)) || known[0].Reveal() != strings.Fields(want)[0] {
			t.Errorf("%s: the redactor learns %d secrets", address, len(known))
		}
	}
}
