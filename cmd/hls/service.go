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
	"strings"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/recovery"
	"hls/internal/sweep"
)

// service is the running one, for what only it can do: its database may belong to one process.
type service struct {
	address  string // "" means that of the settings
	settings *config.Settings
}

const (
	askFor    = 15 * time.Minute // what the service gives itself
	mostReply = 64 << 20
)

// pass has the service make a pass by hand, and reads its report.
func (s service) pass(ctx context.Context, name string, q, report any) error {
	address := strings.TrimSuffix(cmp.Or(s.address, app.ServiceURL(s.settings)), "/")
	if err := s.post(ctx, address, "/api/v1/"+name, exchange{q, report}); err != nil {
		return fmt.Errorf("ask the running service, which has the database to itself: %w", err)
	}
	return nil
}

// exchange is what is asked, and where the answer goes.
type exchange struct{ ask, into any }

// post sends to the running service. The admin token goes to no other address than that.
func (s service) post(ctx context.Context, address, path string, x exchange) error {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	body, err := json.Marshal(x.ask)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: --server: want an address such as http://127.0.0.1:8000", errUsage)
	}
	if token := s.settings.Server.AdminToken.Reveal(); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("it does not answer at %s; name its address with --server, or stop it: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostReply))
	switch {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s does not take server.admin_token of these settings", address)
	case resp.StatusCode != http.StatusOK:
		return refusal(resp.StatusCode, text)
	}
	return json.Unmarshal(text, x.into)
}

func refusal(code int, text []byte) error {
	var answer struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Reason == "" {
		return fmt.Errorf("it answers %d", code)
	}
	if code == http.StatusBadRequest {
		return fmt.Errorf("%w: %s", errUsage, answer.Reason)
	}
	return errors.New(answer.Reason)
}

// usage marks errors of the target as wrong usage.
func usage(err error) error {
	if errors.Is(err, recovery.ErrTarget) || errors.Is(err, sweep.ErrTarget) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}
