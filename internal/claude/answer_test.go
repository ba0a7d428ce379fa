package claude

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go/option"

	"hls/internal/hls"
)

// Only an answer that ended normally, with text, is an answer.
func TestE4_OnlyEndTurnWithTextIsAnAnswer(t *testing.T) {
	t.Parallel()
	thinking := `[{"type":"thinking","thinking":"{\"a\":2}","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"advice","text":"{\"a\":3}"},{"type":"text","text":"{\"a\":1}"}]`
	for name, test := range map[string]struct{ body, reason, text string }{
		"normal":           {message(text, `"end_turn"`), "", `{"a":1}`},
		"thinking first":   {message(thinking, `"end_turn"`), "", `{"a":1}`},
		"refusal":          {message(text, `"refusal"`), "refusal", ""},
		"recorded refusal": {file(t, "refusal.response.json"), "refusal", ""},
		"recorded tool":    {file(t, "tool_use.response.json"), "tool_use", ""},
		"max tokens":       {message(text, `"max_tokens"`), "max_tokens", ""},
		"stop sequence":    {message(text, `"stop_sequence"`), "stop_sequence", ""},
		"pause":            {message(text, `"pause_turn"`), "pause_turn", ""},
		"context":          {message(text, `"model_context_window_exceeded"`), "model_context_window_exceeded", ""},
		"of the future":    {message(text, `"tired"`), "tired", ""},
		"null":             {message(text, `null`), "no_stop_reason", ""},
		"empty reason":     {message(text, `""`), "no_stop_reason", ""},
		"nothing at all":   {`{}`, "no_stop_reason", ""},
		"an error as 200":  {`{"type":"error","error":{"type":"api_error","message":"x"}}`, "no_stop_reason", ""},
		"no blocks":        {message(`[]`, `"end_turn"`), "empty", ""},
		"only thinking":    {message(`[{"type":"thinking","thinking":"x","signature":"s"}]`, `"end_turn"`), "empty", ""},
		"blank":            {message(`[{"type":"text","text":" \n"}]`, `"end_turn"`), "empty", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := dial(t, serve(t, answer(200, test.body)).URL).Ask(t.Context(), question())
			var unusable *hls.Unusable
			switch {
			case test.reason == "" && (err != nil || got.Text != test.text):
				t.Errorf("got %+v, %v", got, err)
			case test.reason != "" && (!errors.As(err, &unusable) || unusable.Reason != test.reason || got.Text != ""):
				t.Errorf("got %+v, %v", got, err)
			case test.reason != "" && strings.Contains(test.body, `"input_tokens":100`) && unusable.Usage.CostMicroUSD != 300:
				t.Errorf("usage %+v", unusable.Usage)
			}
		})
	}
}

func kindOf(err error) string {
	var (
		retry    *hls.RetryAfter
		final    *hls.Permanent
		stop     *hls.SpendStop
		unusable *hls.Unusable
		parts    []string
	)
	switch {
	case errors.As(err, &retry) && retry.Outage && retry.Free:
		parts = append(parts, "outage", retry.After.String())
	case errors.As(err, &retry) && retry.Free:
		parts = append(parts, "free", retry.After.String())
	case errors.As(err, &retry):
		parts = append(parts, "retry", retry.After.String())
	case errors.As(err, &final):
		parts = append(parts, final.Reason)
	case errors.As(err, &stop):
		parts = append(parts, "stop")
	case errors.As(err, &unusable):
		parts = append(parts, "unusable")
	}
	if retry != nil && retry.Reason != "" {
		parts = append(parts, retry.Reason)
	}
	if errors.Is(err, hls.ErrAmbiguous) {
		parts = append(parts, "ambiguous")
	}
	return strings.Join(parts, " ")
}

func problem(kind, message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q},"request_id":"req_9"}`, kind, message)
}

func TestE4_FailuresAreErrorsThatSomeoneDecidesOn(t *testing.T) {
	t.Parallel()
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}
	whole := message(text, `"end_turn"`)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"rate limit":      {answer(429, problem("rate_limit_error", "slow down"), "Retry-After", "7"), "free 7s claude_rate_limited"},
		"spend limit":     {answer(429, problem("rate_limit_error", "no more")), "stop"},
		"enforced":        {answer(429, `{"error":{"details":{"error_code":"enforced_spend_limit_reached"}}}`, "Retry-After", "7"), "stop"},
		"usage limits":    {answer(400, problem("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2027-01-01.")), "stop"},
		"credit balance":  {answer(400, problem("invalid_request_error", "Your credit balance is too low to access the Anthropic API.")), "stop"},
		"billing":         {answer(402, problem("billing_error", "pay")), "stop"},
		"overloaded":      {answer(529, problem("overloaded_error", "Overloaded")), "outage 0s claude_overloaded"},
		"overloaded html": {answer(529, `<html>busy`, "Content-Type", "text/html"), "outage 0s claude_overloaded"},
		"500":             {answer(500, problem("api_error", "x")), "outage 0s claude_unavailable"},
		"503 with a word": {answer(503, ``, "Retry-After", "90"), "outage 1m30s claude_unavailable"},
		"401":             {answer(401, problem("authentication_error", "invalid x-api-key")), "retry 0s claude_unauthorized"},
		"403":             {answer(403, problem("permission_error", "no")), "retry 0s claude_unauthorized"},
		"400":             {answer(400, problem("invalid_request_error", "temperature is deprecated")), "claude_invalid"},
		"404":             {answer(404, problem("not_found_error", "model: x")), "retry 0s claude_model_unknown"},
		"422":             {answer(422, problem("invalid_request_error", "x")), "claude_invalid"},
		"413":             {answer(413, problem("request_too_large", "x")), "claude_too_large"},
		"truncated":       {answer(200, whole[:len(whole)/2]), "outage 0s claude_unavailable ambiguous"},
		"cut off":         {answer(200, whole[:len(whole)/2], "Content-Length", fmt.Sprint(len(whole))), "outage 0s claude_unavailable ambiguous"},
		"html":            {answer(200, `<html>`, "Content-Type", "text/html"), "retry 0s ambiguous"},
		"reset":           {drop, "outage 0s claude_unavailable ambiguous"},
		"timeout":         {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "outage 0s claude_unavailable ambiguous"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.answer)
			c := dial(t, s.URL, func(cfg *Config) { cfg.Timeout = 500 * time.Millisecond })
			_, err := c.Ask(t.Context(), question())
			if got := kindOf(err); got != test.want {
				t.Errorf("got %q, want %q: %v", got, test.want, err)
			}
			if n := len(s.seen()); n != 1 {
				t.Errorf("asked %d times", n)
			}
			if text := fmt.Sprintf("%v %+v %#v %+v", err, err, err, c.Snapshot()); contains(text, testKey) {
				t.Errorf("S1: the key is in %s", text)
			}
			if c.Snapshot().LastError.IsZero() {
				t.Error("the error is not seen")
			}
		})
	}
}

func TestACallThatWasNotSentCostsNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	_ = listener.Close()
	if _, err := dial(t, base).Ask(t.Context(), question()); kindOf(err) != "outage 0s claude_unavailable" {
		t.Errorf("got %v", err)
	}
}

func TestAnEndedContextIsPassedOn(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := dial(t, s.URL).Ask(ctx, question())
	if !errors.Is(err, context.DeadlineExceeded) || kindOf(err) != "ambiguous" {
		t.Errorf("got %q, %v", kindOf(err), err)
	}
}

// net/http would take X-Api-Key, which it does not know for a credential, along to another host.
func TestS1_TheKeyGoesToNoOtherHost(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		thief := serve(t, answer(200, message(text, `"end_turn"`)))
		s := serve(t, answer(status, ``, "Location", thief.URL+"/v1/messages"))
		_, err := dial(t, s.URL).Ask(t.Context(), question())
		if kindOf(err) != reasonRedirected || len(thief.seen()) != 0 {
			t.Errorf("%d: got %v, the other host saw %d requests", status, err, len(thief.seen()))
		}
	}
}

// The bound holds after decompression, and what was read up to it is not taken for the whole.
func TestI6_AnswersAreBoundedAfterDecompression(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write([]byte(message(text, `"end_turn"`)))
		_, _ = zip.Write([]byte(strings.Repeat(" ", 1<<20)))
		_ = zip.Close()
	})
	c := dial(t, s.URL)
	if _, err := c.Ask(t.Context(), question()); err != nil {
		t.Errorf("a large one within the bound: %v", err)
	}
	c.sdk.Messages.Options = append(c.sdk.Messages.Options, option.WithHTTPClient(newHTTPClient(1<<20, nil)))
	_, err := c.Ask(t.Context(), question())
	if !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

// After a spend stop no call goes out, whoever asks.
func TestS3_NothingIsAskedDuringASpendStop(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(429, problem("rate_limit_error", "no more")))
	c := dial(t, s.URL)
	for range 3 {
		if _, err := c.Ask(t.Context(), question()); kindOf(err) != "stop" {
			t.Errorf("got %v", err)
		}
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	c.brake.stop.Until = time.Now()
	_, _ = c.Ask(t.Context(), question())
	if n := len(s.seen()); n != 2 {
		t.Errorf("after it: asked %d times", n)
	}
}

// Nobody waits for a limit to be told of a spend stop, and whoever waited already is told too.
func TestS3_ASpendStopOvertakesTheLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(402, problem("billing_error", "pay")))
	c := dial(t, s.URL, func(cfg *Config) { cfg.Limits.RequestsPerMinute = 1 })
	if _, err := c.Ask(t.Context(), question()); kindOf(err) != "stop" {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := c.Ask(t.Context(), question()); kindOf(err) != "stop" || time.Since(start) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}

	s = serve(t, answer(200, message(text, `"end_turn"`)))
	c = dial(t, s.URL)
	c.limiter.pause(c.model, 200*time.Millisecond, false)
	ended := make(chan error)
	go func() {
		_, err := c.Ask(t.Context(), question())
		ended <- err
	}()
	for len(c.limiter.of(c.model).turn) == 0 { // until it waits for its turn to end
		runtime.Gosched()
	}
	c.brake.pull(t.Context(), &hls.SpendStop{Err: errors.New("no more"), Until: time.Now().Add(time.Hour)})
	if err := <-ended; kindOf(err) != "stop" || len(s.seen()) != 0 {
		t.Errorf("while it waits: %v, asked %d times", err, len(s.seen()))
	}
}

// What is wrong with one answer or one request is not wrong with the door; a key that is not accepted is.
func TestHealthIsOfTheDoor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer        http.HandlerFunc
		fine, refused bool
	}{
		"answer":     {answer(200, message(text, `"end_turn"`)), true, false},
		"refusal":    {answer(200, message(text, `"refusal"`)), true, false},
		"max tokens": {answer(200, message(text, `"max_tokens"`)), true, false},
		"empty":      {answer(200, message(`[]`, `"end_turn"`)), true, false},
		"key":        {answer(401, problem("authentication_error", "invalid x-api-key")), false, true},
		"permission": {answer(403, problem("permission_error", "no")), false, true},
		"model":      {answer(404, problem("not_found_error", "model: x")), false, true},
		"overloaded": {answer(529, problem("overloaded_error", "Overloaded")), false, false},
		"spend stop": {answer(402, problem("billing_error", "pay")), false, false},
	} {
		c := dial(t, serve(t, test.answer).URL)
		_, _ = c.Ask(t.Context(), question())
		if got := c.Snapshot(); got.LastSuccess.IsZero() == test.fine || got.LastError.IsZero() != test.fine || got.Refused != test.refused {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(200, `{"id":"claude-sonnet-5-5","type":"model"}`))
	if err := dial(t, s.URL).Reachable(t.Context(), sonnet); err != nil || s.seen()[0].Path != "/v1/models/"+sonnet {
		t.Errorf("got %v", err)
	}
	s = serve(t, answer(401, problem("authentication_error", "invalid x-api-key")))
	if err := dial(t, s.URL).Reachable(t.Context(), sonnet); err == nil || contains(err.Error(), testKey) {
		t.Errorf("got %v", err)
	}
}
