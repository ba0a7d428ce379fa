package hls_test

import (
	"strings"
	"testing"

	"hls/internal/hls"
)

// Each line has one secret, which is made up of parts so that no scanner takes this file for one that shows secrets.
func TestS1_ShapesOfSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const tail = "0123456789abcdefghijKLMNOPQRSTUVWXYZ"
	for secret, line := range map[string]string{
		"gh" + "p_" + tail:              "remote: %",
		"gh" + "s_" + tail:              "token %, and more",
		"github_" + "pat_" + tail:       "git clone %",
		"AKIA" + "ABCDEFGHIJKLMNOP":     "id %",
		"xoxb" + "-1234567890-abcdef":   "slack says %",
		"AIza" + tail:                   "?q=%",
		"ya29" + "." + tail:             "google %",
		"sk-ant-" + "api03-" + tail:     "key %",
		"sk-" + "proj-" + tail:          "key %",
		"sk_" + "live_" + tail:          "stripe %",
		"npm_" + tail:                   "//registry.npmjs.org/:_authToken=%",
		"pypi-" + tail:                  "upload %",
		"glpat-" + tail[:20]:            "gitlab %",
		"eyJ" + tail + "." + tail + ".": "jwt %",
		"hunter2hunter2":                "postgres://shop:%@db.example/shop",
		"Zm9vOmJhcmJhemJhego=":          "Authorization: Basic %",
		"correct-horse":                 `{"db_password": "%"}`,
		"staple9":                       "export API_KEY=%",
		"battery9":                      "MY_TOKEN=% make",
		"xyzzy-plugh":                   "client_secret: '%'",
	} {
		for _, text := range []string{line, "\x1b[31m" + line + "\x1b[0m", strings.Replace(line, "%", secret[:3]+"\x1b[1m"+secret[3:], 1),
			strings.Replace(line, "%", secret[:3]+"\u200b"+secret[3:], 1), strings.Replace(line, "%", secret[:3]+"\u0085\u00ad"+secret[3:], 1)} {
			text = strings.Replace(text, "%", secret, 1)
			got := hls.NewMasker(nil).Line(text)
			if strings.Contains(got, secret[4:]) || hls.Redactions(got) != 1 || strings.Contains(got, "\x1b") {
				t.Errorf("%q is shown as %q", text, got)
			}
		}
	}
}

func TestS1_MaskerKnowsConfiguredSecretsAndKeys(t *testing.T) {
	t.Parallel()
	m := hls.NewMasker(hls.NewRedactor(canary))
	got := m.Text("say " + canary[2:14] + "\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----\nafter")
	if want := "say [redacted]\n[redacted]\n[redacted]\n[redacted]\n[redacted]\nafter"; got != want {
		t.Errorf("got %q", got)
	}
	open := hls.NewMasker(nil).Text("-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("x\n", 300) + "the cause")
	if !strings.HasSuffix(open, "the cause") {
		t.Error("a key that never ends takes the whole log")
	}
}

func TestOrdinaryLinesAreNotMasked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"save_test.go:12: got 3, want 4", "SyntaxError: Unexpected token '}'", "unexpected token: name", "##[error]Process completed with exit code 1.",
		"error: could not find key `widgets` in cache", "password=***", "token = ***", "https://example.com/a:b", "authentication failed",
		"task-sk-build", "the secret is out", "monkey: banana",
	} {
		if got := hls.NewMasker(nil).Line(line); got != line {
			t.Errorf("%q is shown as %q", line, got)
		}
	}
	if got := hls.NewMasker(nil).Line("10%\r50%\r100% done\r\n"); got != "100% done" {
		t.Errorf("progress is shown as %q", got)
	}
}
