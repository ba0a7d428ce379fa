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
