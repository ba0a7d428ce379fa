package receive

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hls/internal/hls"
)

// The vector of GitHub's "Validating webhook deliveries".
const (
	vectorKey  = "It's a Secret to Everybody"
	vectorBody = "Hello, World!"
	vectorMAC  = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

func TestI4_SignatureVector(t *testing.T) {
	t.Parallel()
	r := &ring{keys: [][]byte{[]byte("other"), []byte(vectorKey)}}
	for value, want := range map[string]bool{
		vectorMAC: true, strings.ToUpper(vectorMAC): true, strings.Replace(vectorMAC, "7", "8", 1): false,
	} {
		signature, ok := parseSignature("sha256=" + value)
		if !ok || r.signed([]byte(vectorBody), signature) != want {
			t.Errorf("%s: want %v", value, want)
		}
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); !ok(); {
		select {
		case <-deadline:
			t.Fatal("waited in vain")
		case <-tick.C:
		}
	}
}

// A server whose writer knows no deadlines cannot end slow bodies, so nothing is read from it.
func TestI6_NoDeadlineNoDelivery(t *testing.T) {
	t.Parallel()
	h, err := New(Config{}, Deps{
		Secrets: Secrets{Global: []hls.Secret{"s"}},
		Accept:  func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) { return hls.Receipt{}, nil },
		Count:   func(context.Context, hls.Class, string) error { return nil },
		Log:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d", w.Code)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"action":"opened","issue":{"number":7},"repository":{"id":9,"full_name":"o/r"}}`), false)
	f.Add([]byte(`{"repository":{"full_name":"a/b"},"repository":{"full_name":"c/d"}}`), false)
	f.Add([]byte("payload=%7B%22repository%22%3A%7B%22full_name%22%3A%22o%2Fr%22%7D%7D"), true)
	f.Add([]byte(`{"title":"&payload=%7B%7D"}`), true)
	f.Add([]byte(strings.Repeat(`{"a":`, 120)), false)
	f.Fuzz(func(t *testing.T, raw []byte, form bool) {
		payload, malformed := unwrap(raw, form)
		if malformed != nil {
			return
		}
		if form && (!strings.HasPrefix(string(raw), formPrefix) || strings.Count(string(raw), "=") != 1) {
			t.Fatalf("a form of more than one field passed: %q", raw)
		}
		chosen := peek(payload)
		members, err := decode(payload)
		if err != nil {
			return
		}
		if !utf8.Valid(payload) || !json.Valid(payload) {
			t.Fatalf("passed though it is not JSON in UTF-8: %q", payload)
		}
		var plain map[string]json.RawMessage
		if err := json.Unmarshal(payload, &plain); err != nil || len(plain) != len(members) {
			t.Fatalf("%d members, encoding/json has %d (%v): %q", len(members), len(plain), err, payload)
		}
		event, err := hls.DecodeEvent(hls.Delivery{Event: "issues", Body: payload})
		if err != nil {
			return
		}
		if name := event.Repo.FullName; repositoryName(name) && name != chosen {
			t.Fatalf("the secret of %q was chosen for %q: %q", chosen, name, payload)
		}
	})
}

func FuzzSignature(f *testing.F) {
	f.Add("sha256="+vectorMAC, []byte(vectorBody))
	f.Add("sha256="+strings.ToUpper(vectorMAC), []byte(vectorBody))
	f.Add("sha1=0000", []byte(""))
	f.Add("sha256="+vectorMAC+", sha256="+vectorMAC, []byte(vectorBody))
	r := &ring{keys: [][]byte{[]byte(vectorKey)}}
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		passed := verify(http.Header{"X-Hub-Signature-256": {value}}, body, r) == nil
		digits, found := strings.CutPrefix(value, "sha256=")
		mac, err := hex.DecodeString(digits)
		want := found && err == nil && string(body) == vectorBody && hex.EncodeToString(mac) == vectorMAC
		if string(body) == vectorBody && passed != want {
			t.Fatalf("%q over %q: passed %v", value, body, passed)
		}
		if passed && len(value) != 71 {
			t.Fatalf("a signature of %d bytes passed", len(value))
		}
		if empty := (&ring{}); verify(http.Header{"X-Hub-Signature-256": {value}}, body, empty) == nil {
			t.Fatal("passed without a secret")
		}
	})
}
