package config_test

import (
	"strings"
	"testing"

	"hls/internal/config"
)

// TestS1_TheDigestOfSettingsKnowsNoSecret: other secrets make no other digest, and anything else does.
func TestS1_TheDigestOfSettingsKnowsNoSecret(t *testing.T) {
	t.Parallel()
	const text = `
github: {token: "token-one-of-the-test", webhook_secret: "hook-secret-of-the-test-1"}
claude: {api_key: "key-one-of-the-test"}
storage: {url: "postgres://hls:first-password@db/hls"}
repositories: [{name: acme/widgets, labels: {auto_apply: true}, webhook_secret: "own-hook-secret-of-the-test"}]
`
	of := func(replace ...string) string {
		t.Helper()
		s, err := config.Parse("settings.yaml", []byte(strings.NewReplacer(replace...).Replace(text)), config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Digest().String()
	}
	first := of()
	if again := of(); again != first {
		t.Errorf("the same settings: %s and %s", first, again)
	}
	for _, secret := range []string{"token-one", "hook-secret-of-the-test-1", "key-one", "first-password", "own-hook-secret"} {
		if of(secret, "quite-another-secret-value-9") != first {
			t.Errorf("the digest changes with the secret %s", secret)
		}
	}
	for from, to := range map[string]string{"acme/widgets": "acme/gadgets", "auto_apply: true": "auto_apply: false", "@db/hls": "@db/other"} {
		if of(from, to) == first {
			t.Errorf("the digest does not change with %s", from)
		}
	}
}
