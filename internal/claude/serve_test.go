package claude

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"hls/internal/hls"
)

const testKey = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz"

type seen struct {
	Method, Path, Body string
	Header             http.Header
}

type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
}

func (s *server) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

func serve(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, seen{r.Method, r.URL.Path, string(body), r.Header.Clone()})
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, base string, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{BaseURL: base, APIKey: testKey}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answer sends a status and a body, with headers as name, value, name, value.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// message is an answer of the API with the given content blocks and stop_reason, both in JSON.
func message(content, stop string) string {
	return `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":` + content +
		`,"stop_reason":` + stop + `,"stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":10}}`
}

const text = `[{"type":"text","text":"{\"a\":1}"}]`

func file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func question() hls.Request {
	return hls.Request{Prompt: hls.Prompt{
		System: "stable", User: "fenced", Schema: []byte(`{"type":"object","properties":{"a":{"type":"integer"}}}`),
	}}
}

func contains(text, secret string) bool {
	for i := 0; i+8 <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+8]) {
			return true
		}
	}
	return false
}
