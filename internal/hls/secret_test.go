package hls_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

const canary = "ghp_canary0123456789abcdefXYZ"

func TestS1_NoWindowOfASecretPasses(t *testing.T) {
	t.Parallel()
	r := hls.NewRedactor(canary, "tiny")
	for _, text := range []string{
		canary, "before " + canary + " after", canary[3:], canary[:11], "x" + canary[5:13] + canary[1:9], "tiny " + canary + canary, "é" + canary,
	} {
		got := r.Redact(text)
		for i := 0; i+8 <= len(canary); i++ {
			if strings.Contains(got, canary[i:i+8]) {
				t.Errorf("Redact(%q) = %q shows a window", text, got)
			}
		}
		if strings.Contains(got, "tiny") {
			t.Errorf("Redact(%q) = %q shows the short secret", text, got)
		}
	}
	for at := range 40 { // Wherever it stands, and whichever part of it.
		for from := 0; from+8 <= len(canary); from++ {
			text := strings.Repeat("-", at) + canary[from:from+8] + strings.Repeat("+", 40-at)
			if got := r.Redact(text); strings.Contains(got, canary[from:from+8]) || len(got) != len(text)-8+len("[redacted]") {
				t.Fatalf("Redact(%q) = %q", text, got)
			}
		}
	}
	if got := r.Redact("nothing to hide: ghp_can"); got != "nothing to hide: ghp_can" {
		t.Errorf("changed harmless text: %q", got)
	}
}

func TestS1_SecretHidesFromFormatting(t *testing.T) {
	t.Parallel()
	v := struct{ Token hls.Secret }{canary}
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", v, v, v, v.Token), string(encoded)} {
		if strings.Contains(text, "canary") {
			t.Errorf("shown: %s", text)
		}
	}
	if v.Token.Reveal() != canary {
		t.Error("the door cannot read it")
	}
}

func TestS1_RedactJSONKeepsItJSON(t *testing.T) {
	t.Parallel()
	r := hls.NewRedactor(`it's "quoted" é`, "12345678")
	for text, want := range map[string]string{
		`{"id":12345678,"body":"x 12345678 y"}`:        `{"id":12345678,"body":"x [redacted] y"}`,
		`{"body":"say it's \"quoted\" \u00e9 now"}`:    `{"body":"say [redacted] now"}`,
		`{"n": 1e400, "big":123456789012345678901234}`: `{"n": 1e400, "big":123456789012345678901234}`,
		`{"plain": "nothing", "escaped": "a\tb"}`:      `{"plain": "nothing", "escaped": "a\tb"}`,
		`["\\", "it's \"q\u0075oted\" \u00e9", "\""]`:  `["\\","[redacted]","\""]`,
	} {
		if got := string(r.RedactJSON([]byte(text))); got != want {
			t.Errorf("RedactJSON(%s) = %s, want %s", text, got, want)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	r := hls.NewRedactor(canary, "It's a Secret to Everybody", "sk-ant-0123456789abcdefghijkl", "admin-token-of-some-length")
	text := strings.Repeat(`{"login":"mona","html_url":"https://github.example/acme/widget-shop/issues/7"},`, 128)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Redact(text)
	}
}

// A secret that has a name or a time of the payload in it must not change what the payload says.
func TestS1_RedactPayloadKeepsWhatDecides(t *testing.T) {
	t.Parallel()
	r := hls.NewRedactor("acme/widget-shop-2026-11-23T10:00:00Z-octocat-the-third")
	body := `{"action":"opened","repository":{"id":9,"full_name":"acme/widget-shop","name":"widget-shop"},` +
		`"sender":{"login":"octocat-the-third"},"issue":{"number":7,"updated_at":"2026-11-23T10:00:00Z","title":"octocat-the-third"}}`
	want := strings.Replace(body, `"title":"octocat-the-third"`, `"title":"[redacted]"`, 1)
	got, masked := r.RedactPayload([]byte(body))
	if string(got) != want || masked[hls.Configured] != 1 {
		t.Errorf("got  %s, %v\nwant %s", got, masked, want)
	}
}

// Texts of a plan are cleaned of what hides in them, and only then is a secret whole again.
func TestS1_PlansHoldNoSecret(t *testing.T) {
	t.Parallel()
	r := hls.NewRedactor(canary)
	p := r.RedactPlan(hls.Plan{
		Effects: []hls.Effect{{
			Kind: hls.CreateIssue, Title: canary, Body: "say " + canary, Why: map[string]string{"bug": canary},
			Remarks: []hls.Remark{{Path: "a.go", Body: canary, Quote: canary}},
		}},
		Dropped:  []hls.Drop{{What: canary, Why: canary}},
		Remember: []hls.Memory{{Kind: "finding", Value: []byte(`{"text": "` + canary + `"}`)}},
	})
	if text := fmt.Sprintf("%+v", p); strings.Contains(text, canary[:8]) || !strings.Contains(text, "a.go") {
		t.Error(text)
	}
}
