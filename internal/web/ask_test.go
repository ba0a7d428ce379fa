package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// What keeps Claude from being asked is told as what it is, without secrets.
func TestAskTellsWhyNot(t *testing.T) {
	t.Parallel()
	var fails error
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Ask = func(context.Context, AskAside) (AskedAside, error) {
			return AskedAside{Analysis: hls.Analysis{Model: "m"}}, fails
		}
	})
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{nil, http.StatusOK, `"Model": "m"`},
		{fmt.Errorf("ask: %w", &hls.Capped{Cap: "claude.budget.daily_usd", Until: time.Unix(0, 0)}), http.StatusOK, `"kind": "capped"`},
		{&hls.Permanent{Err: errors.New("the key " + token), Reason: "x"}, http.StatusConflict, "[redacted]"},
		{errors.New("the key " + token), http.StatusBadGateway, "[redacted]"},
	} {
		fails = tc.err
		got := s.fetch("POST", "/api/v1/ask", admin, body("application/json", `{"for":"backtest"}`))
		if got.code != tc.code || !strings.Contains(got.text, tc.says) || strings.Contains(got.text, token) {
			t.Errorf("%v: %d %s", tc.err, got.code, got.text)
		}
	}
	if got := s.fetch("POST", "/api/v1/ask", admin, body("application/json", `{"unknown":1}`)); got.code != http.StatusBadRequest {
		t.Errorf("%d %s", got.code, got.text)
	}
}
