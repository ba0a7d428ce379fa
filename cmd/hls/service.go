package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/recovery"
	"hls/internal/sweep"
	"hls/internal/web"
)

// reach is for commands that work on the record, which may belong to the running service.
type reach struct {
	Server string `help:"Address of the running service (default: server.host and server.port)." placeholder:"URL"`
}

// service is the running service, for requests that are answered within a time.
func (r reach) service(s *config.Settings, within time.Duration) service {
	return service{strings.TrimSuffix(cmp.Or(r.Server, app.ServiceURL(s)), "/"), s.Server.AdminToken, within}
}

// service is the running service. The admin token goes to no other address than its own.
type service struct {
	address string
	token   hls.Secret
	within  time.Duration
}

// request is one request of the service's API; nil is no body.
type request struct {
	method, path string
	body         any
}

const mostReply = 64 << 20

// ask has the service answer. What it refuses is a *web.Refused.
func (s service) ask(ctx context.Context, q request, into any) error {
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	r, err := s.request(ctx, q)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("the service, which has the database to itself, does not answer at %s; name its address with --server, or stop it: %w", s.address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostReply))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", s.address, err)
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s does not take server.admin_token of these settings", s.address)
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted:
		return refusal(resp.StatusCode, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s does not answer as HLS does; name its address with --server: %w", s.address, err)
	}
	return nil
}

func (s service) request(ctx context.Context, q request) (*http.Request, error) {
	if u, err := url.Parse(s.address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: --server: want an address such as http://127.0.0.1:8000", errUsage)
	}
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, q.method, s.address+q.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token := s.token.Reveal(); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r, nil
}

func refusal(code int, text []byte) error {
	var answer struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Reason == "" {
		return fmt.Errorf("the service answers %d", code)
	}
	return &web.Refused{Code: code, Reason: answer.Reason}
}

// usage marks what was asked for as it cannot be as wrong usage.
func usage(err error) error {
	var refused *web.Refused
	if errors.Is(err, recovery.ErrTarget) || errors.Is(err, sweep.ErrTarget) || errors.As(err, &refused) && refused.Code == http.StatusBadRequest {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

// opened is what a command asks: beside the service, in the database itself, or at the running service where --server names it
// or the database belongs to one process. done must be called.
func opened[T any](c *call, r reach, beside func(context.Context, *config.Settings, app.Options) (T, func(), error), served func(*config.Settings) T) (asked T, done func(), err error) {
	need := config.NeedStorage
	if r.Server != "" {
		need = config.NeedNothing
	}
	settings, err := config.Load(c.config, config.Options{Need: need})
	if err != nil {
		return asked, nil, err
	}
	if r.Server == "" {
		asked, done, err := beside(c.ctx, settings, app.Options{Version: release, LogTo: c.io.err})
		if !errors.Is(err, record.ErrInUse) {
			return asked, done, err
		}
	}
	return served(settings), func() {}, nil
}
