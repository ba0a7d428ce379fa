package github

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"hls/internal/hls"
)

const testToken = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"

var widget = hls.Subject{RepoID: 77, Repo: "acme/widget", Kind: hls.KindIssue, Number: 7}

// seen is a request as the server got it.
type seen struct {
	Method, Path, Query, Body, Authorization string
	Header                                   http.Header
}

// server records requests and answers them by method and path, "GET /repos/acme/widget/issues/7".
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

type routes map[string]http.HandlerFunc

func serve(t *testing.T, routes routes) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, seen{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Body: string(body),
			Authorization: r.Header.Get("Authorization"), Header: r.Header.Clone(),
		})
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer, ok := routes[r.Method+" "+r.URL.Path]
		if !ok {
			http.Error(w, `{"message":"Not Found"}`, http.StatusNotFound)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// unlimited has no limits of ours.
func unlimited() Limits {
	return Limits{WritesPerMinute: new(0), ContentPerHour: new(0), Concurrency: new(0)}
}

func dial(t *testing.T, s *server, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{BaseURL: s.URL, Token: testToken, Limits: unlimited()}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answer sends a status and a body.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// with adds headers to an answer, as name, value, name, value.
func with(next http.HandlerFunc, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		next(w, r)
	}
}

// secret gives every repository the same token.
func secret(token string) func(string) hls.Secret {
	return func(string) hls.Secret { return hls.Secret(token) }
}
