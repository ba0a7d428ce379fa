package hls_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"hls/internal/hls"
)

// tail is put behind what secrets begin with, so that no scanner takes this file for one that shows secrets.
const tail = "0123456789abcdefghijKLMNOPQRSTUVWXYZ"

func pasted() map[string]struct{ secret, text string } {
	return map[string]struct{ secret, text string }{
		"github_token":   {"gh" + "p_" + tail, "git clone https://example.com with % now"},
		"gitlab_token":   {"glpat-" + tail[:20], "my token is %."},
		"aws_access_key": {"AKIA" + "ABCDEFGHIJKLMNOP", "aws_access_key_id=%\nregion=eu"},
		"slack_token":    {"xoxb" + "-1234567890-abcdef", "SLACK: %"},
		"slack_webhook":  {"T0ABCDEFG/B0ABCDEFG/abcdefghijklmnop", "curl https://hooks.slack.com/services/%"},
		"google_key":     {"AIza" + tail, "https://maps.example/?key=%&x=1"},
		"anthropic_key":  {"sk-ant-" + "api03-" + tail, "ANTHROPIC: %"},
		"openai_key":     {"sk-" + "proj-" + tail, "| % |"},
		"stripe_key":     {"sk_" + "live_" + tail, "`%`"},
		"npm_token":      {"npm_" + tail, "//registry.npmjs.org/:_authToken=%"},
		"pypi_token":     {"pypi-" + tail, "upload with %"},
		"jwt":            {"eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + tail, "cookie: session=%"},
		"url_password":   {"tr0ub4dor", "DATABASE: postgres://shop:%@db.example/shop"},
		"authorization":  {"Zm9vOmJhcmJhemJhego4Nzg3", "curl -H 'Authorization: Basic %'"},
		"password":       {"xK9vQ2mL7pR4tZ1w", "password: %"},
	}
}

func TestS1_PastedSecretsAreMasked(t *testing.T) {
	t.Parallel()
	r := hls.NewRedactor()
	for kind, p := range pasted() {
		text := strings.Replace(p.text, "%", p.secret, 1)
		got, masked := r.Mask(text)
		if want := strings.Replace(p.text, "%", "[redacted]", 1); kind != "jwt" && got != want || strings.Contains(got, p.secret[4:]) || masked[kind] != 1 || len(masked) != 1 {
			t.Errorf("%s: %q is shown as %q, %v", kind, text, got, masked)
		}
		body, err := json.Marshal(map[string]any{"action": "opened", "issue": map[string]any{"body": "first\n" + text + "\nlast", "number": 7}})
		if err != nil {
			t.Fatal(err)
		}
		clean, found := r.RedactPayload(body)
		if strings.Contains(string(clean), p.secret[4:]) || found[kind] != 1 || !json.Valid(clean) || !strings.Contains(string(clean), `"number":7`) {
			t.Errorf("%s: the payload is stored as %s, %v", kind, clean, found)
		}
		spelled := strings.NewReplacer("_", `\u005f`, "/", `\/`, "-", `\u002d`, ":", `\u003a`, "e", `\u0065`).Replace(strings.ReplaceAll(text, "\n", " "))
		if plain, n := r.RedactPayload([]byte(`{"body":"` + spelled + `"}`)); n[kind] != 1 || strings.Contains(string(plain), p.secret[4:]) {
			t.Errorf("%s: a payload with escapes is stored as %s", kind, plain)
		}
		if plain, _ := r.RedactPayload([]byte(`{"body":"` + strings.ReplaceAll(text, "\n", " ") + `"}`)); strings.Contains(string(plain), p.secret[4:]) {
			t.Errorf("%s: a payload without escapes is stored as %s", kind, plain)
		}
		if again, more := r.Mask(got); again != got || len(more) != 0 {
			t.Errorf("%s: masked again it is %q, %v", kind, again, more)
		}
	}
}

// key is a private key as programs write it. Its lines are made up.
func key() string {
	lines := []string{"-----BEGIN RSA " + "PRIVATE KEY-----"}
	for i := range 6 {
		lines = append(lines, strings.Repeat(string(rune('A'+i)), 32)+tail[:32])
	}
	return strings.Join(append(lines, "c2hvcnQ=", "-----END RSA "+"PRIVATE KEY-----"), "\n")
}

func TestS1_PrivateKeysAreMaskedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as it is":    "before\n" + key() + "\nafter",
		"in a diff":   "before\n   12 +" + strings.ReplaceAll(key(), "\n", "\n   13 +") + "\nafter",
		"in a quote":  "before\n> " + strings.ReplaceAll(key(), "\n", "\n> ") + "\nafter",
		"in a string": "before\nkey = \"" + strings.ReplaceAll(key(), "\n", `\n`) + "\"\nafter",
		"in JSON":     `before {"private_key": "` + strings.ReplaceAll(key(), "\n", `\n`) + `"} after`,
		"cut":         "before\n" + key()[:300] + "\n\nafter",
	} {
		got, masked := hls.MaskShapes(text)
		if strings.Contains(got, "AAAA") || strings.Contains(got, "CCCC") || masked["private_key"] != 1 || !strings.HasPrefix(got, "before") || !strings.HasSuffix(got, "after") {
			t.Errorf("%s: %v\n%s", name, masked, got)
		}
	}
}

// Nobody hides code from a reviewer between the beginning and the end of a key.
func TestS1_NothingHidesBehindAKey(t *testing.T) {
	t.Parallel()
	code := "exec.Command(os.Getenv(\"EVIL\")).Run()"
	for _, text := range []string{
		"// -----BEGIN PRIVATE " + "KEY-----\n" + code + "\n// -----END PRIVATE " + "KEY-----",
		"x := `http://a:${" + code + "}@b`", "// ://a:\n" + code + "\n//@", "password = " + code,
	} {
		if got, _ := hls.MaskShapes(text); !strings.Contains(got, code) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestWhatOnlyLooksLikeASecretIsNotMasked(t *testing.T) {
	t.Parallel()
	image := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x89PNG\r\n\x1a\n"+tail+"\x00\xff\xfe", 400)))
	for _, text := range []string{
		"fixed in 3f2a91c2d4e5f60718293a4b5c6d7e8f90a1b2c3, see 3f2a91c", "id 123e4567-e89b-12d3-a456-426614174000", "![x](data:image/png;base64," + image + ")",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "integrity sha512-" + image[:88], "https://example.com:8080/@user/x?y=a@b",
		"http://localhost:3000@", "mailto:mona@example.com", "git@github.com:acme/widget-shop.git", "ssh://git@github.com:22/acme/x.git",
		"ghp_ is how they begin", "ghs_token_of_the_tests", "the class sk-chasing-dot-animation-delay-long", "pypi-publish-workflow-action-for-all", "npm_config_registry=https://x",
		"AKIAIOSFODNN7EXAMPLE", "password: ${DB_PASSWORD}", "password = generatePassword(16, true)", "secret: my-app-secret-v2-production", "api_key = os.environ['API_KEY_2024']",
		"Authorization: Bearer YOUR_ACCESS_TOKEN_HERE", "postgres://user:password@localhost/db", "postgres://user:${PGPASSWORD}@db/x", "https://user:<token>@host",
		"secretKeyRef: name", "access_token: string", "token expired at 2024-01-01T00:00:00Z", "xox-like words", "secret: sha256Hash", "passwordFile=/run/secrets/db_password_2",
		"the key is -----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----", "eyJhbGciOiJIUzI1NiJ9 alone", "hooks.slack.com/services/ is the address",
		"https://hooks.slack.com/services/your/webhook/url-goes-here-please", "sk-learn-contrib-imbalanced-learn", "task-sk-build-step-of-the-pipeline-1", "monkey: banana12345678",
	} {
		if got, masked := hls.NewRedactor().Mask(text); got != text {
			t.Errorf("%q is shown as %q, %v", text[:min(len(text), 120)], got[:min(len(got), 120)], masked)
		}
	}
}

// A configured secret is known again as programs write it, at any place of a group of base64.
func TestS1_FormsOfASecretAreRedacted(t *testing.T) {
	t.Parallel()
	const secret = "pa$$ word/of?16+"
	r := hls.NewRedactor(secret)
	for _, before := range []string{"", "x", "xy", "xyz"} {
		for _, after := range []string{"", "1", "12"} {
			whole := before + secret + after
			for name, text := range map[string]string{
				"raw": whole, "hex": hex.EncodeToString([]byte(whole)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(whole))), "query": url.QueryEscape(whole), "path": url.PathEscape(whole),
				"base64": base64.StdEncoding.EncodeToString([]byte(whole)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(whole)),
			} {
				got := r.Redact("say " + text + " now")
				for i := 0; i+8 <= len(text); i++ {
					if i >= 4*len(before) && i+8 <= len(text)-4*len(after) && strings.Contains(got, text[i:i+8]) {
						t.Fatalf("%s of %q: %q stays in %q", name, whole, text[i:i+8], got)
					}
				}
			}
		}
	}
}

func BenchmarkMaskNothing(b *testing.B) {
	r := hls.NewRedactor()
	text := strings.Repeat(`{"login":"mona","html_url":"https://github.example/acme/widget-shop/issues/7","node_id":"MDU6SXNzdWUx"},`, 128)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Redact(text)
	}
}
