package simulate_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"hls/internal/simulate"
)

func ask(t *testing.T, c *simulate.Claude, change func(*anthropic.MessageNewParams), more ...option.RequestOption) (*anthropic.Message, error) {
	t.Helper()
	url, stop := c.Start()
	t.Cleanup(stop)
	sdk := anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(url), option.WithAPIKey("key"),
		option.WithMaxRetries(0), option.WithRequestTimeout(5*time.Second))
	params := anthropic.MessageNewParams{
		Model: "claude-sonnet-5-5", MaxTokens: 4000,
		System: []anthropic.TextBlockParam{{
			Text:         "# Rules\n\n- type: bug or not\n\n# Labels\n\nAllowed labels:\n\n- bug: Something is broken\n- priority: high: Now\n- priority: low\n\n# Fields\n\n- documentation\n" + strings.Repeat("Stable words. ", 400),
			CacheControl: anthropic.NewCacheControlEphemeralParam(),
		}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(issueTurn))},
	}
	params.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schemaOf(t, issueSchema)}
	if change != nil {
		change(&params)
	}
	return sdk.Messages.New(t.Context(), params, more...)
}

func schemaOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

const issueTurn = `The event follows.

<<<EVENT 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e
Issue #14 by rita

<<<DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e title
Crash when saving an empty cart
DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e>>>

<<<DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e body
It crashes with a panic as soon as I press save.
DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e>>>

<<<DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e candidate #12, closed as completed
Crash when saving a cart

It crashes.
DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e>>>

<<<DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e candidate #13, open
Dark mode for the shop
DATA 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e>>>

EVENT 9f8e7d6c5b4a3f2e9f8e7d6c5b4a3f2e>>>
`

const issueSchema = `{"type":"object","additionalProperties":false,
"required":["type","priority","labels","duplicates","missing_information","needs_human","summary","comment","components"],
"properties":{
 "type":{"type":"string","enum":["bug","feature","question","documentation","other"]},
 "priority":{"type":"object","additionalProperties":false,"required":["level","reason"],"properties":{"level":{"type":"string","enum":["high","medium","low"]},"reason":{"type":"string"}}},
 "components":{"type":"array","items":{"type":"string"}},
 "labels":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["name","confidence","evidence"],"properties":{"name":{"type":"string"},"confidence":{"type":"number"},"evidence":{"type":"string"}}}},
 "duplicates":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["number","confidence","reason"],"properties":{"number":{"type":"integer"},"confidence":{"type":"number"},"reason":{"type":"string"}}}},
 "missing_information":{"type":"array","items":{"type":"string"}},
 "needs_human":{"type":"boolean"},"summary":{"type":"string"},"comment":{"type":"string"}}}`

type triage struct {
	Type     string
	Priority struct{ Level string }
	Labels   []struct {
		Name, Evidence string
		Confidence     float64
	}
	Duplicates []struct{ Number int }
	Missing    []string `json:"missing_information"`
	Summary    string
}

func TestClaudeAnswersInTheSchema(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{Key: "key"})
	message, err := ask(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if message.StopReason != anthropic.StopReasonEndTurn || len(message.Content) != 1 {
		t.Fatalf("message: %+v", message)
	}
	var got triage
	if err := json.Unmarshal([]byte(message.Content[0].Text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "bug" || got.Priority.Level != "high" || !strings.Contains(got.Summary, "imulated") || len(got.Missing) != 2 {
		t.Errorf("answer: %+v", got)
	}
	if len(got.Duplicates) != 1 || got.Duplicates[0].Number != 12 {
		t.Errorf("duplicates: %+v", got.Duplicates)
	}
	var names []string
	for _, l := range got.Labels {
		names = append(names, l.Name)
		if !strings.Contains(issueTurn, l.Evidence) || l.Confidence < 0.8 {
			t.Errorf("label: %+v", l)
		}
	}
	if strings.Join(names, ",") != "bug,priority: high" {
		t.Errorf("labels: %v", names)
	}
	call := c.Calls()[0]
	if call.Schema == nil || !strings.Contains(call.User, "Crash when") || !strings.Contains(call.System, "Allowed labels") || call.Status != 200 {
		t.Errorf("call: %+v", call)
	}
}

func TestClaudeCachesThePrefix(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{})
	first, err := ask(t, c, nil)
	if err != nil || first.Usage.CacheCreationInputTokens < 1024 || first.Usage.CacheReadInputTokens != 0 {
		t.Fatalf("first: %+v, %v", first.Usage, err)
	}
	second, err := ask(t, c, nil)
	if err != nil || second.Usage.CacheReadInputTokens != first.Usage.CacheCreationInputTokens || second.Usage.CacheCreationInputTokens != 0 {
		t.Fatalf("second: %+v, %v", second.Usage, err)
	}
}

func TestClaudeFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode   simulate.Mode
		status int
		text   string
	}{
		{simulate.Down, 500, "api_error"},
		{simulate.Overloaded, 529, "overloaded_error"},
		{simulate.RateLimited, 429, "rate_limit_error"},
		{simulate.SpendStop, 429, "enforced_spend_limit_reached"},
		{simulate.UsageLimit, 400, "usage limits"},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			t.Parallel()
			c := simulate.NewClaude(simulate.ClaudeConfig{})
			c.Queue(test.mode)
			_, err := ask(t, c, nil)
			var e *anthropic.Error
			if !errors.As(err, &e) || e.StatusCode != test.status || !strings.Contains(e.RawJSON(), test.text) {
				t.Fatalf("error: %v", err)
			}
			if waits := e.Response.Header.Get("Retry-After") != ""; waits != (test.mode == simulate.RateLimited) {
				t.Errorf("retry-after: %v", e.Response.Header)
			}
			if _, err := ask(t, c, nil); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

func TestClaudeAnswersBadly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode   simulate.Mode
		stop   anthropic.StopReason
		blocks int
		valid  bool
	}{
		{simulate.Refuse, "refusal", 0, false},
		{simulate.Truncate, "max_tokens", 1, false},
		{simulate.NotSchema, "end_turn", 1, true},
		{simulate.NotJSON, "end_turn", 1, false},
		{simulate.EmptyStop, "", 1, true},
		{simulate.Empty, "end_turn", 0, false},
		{simulate.ThinkingFirst, "end_turn", 2, true},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			t.Parallel()
			message, err := ask(t, simulate.NewClaude(simulate.ClaudeConfig{Mode: test.mode}), nil)
			if err != nil || message.StopReason != test.stop || len(message.Content) != test.blocks {
				t.Fatalf("message: %+v, %v", message, err)
			}
			if test.blocks > 0 && json.Valid([]byte(message.Content[test.blocks-1].Text)) != test.valid {
				t.Errorf("text: %s", message.Content[test.blocks-1].Text)
			}
		})
	}
}

func TestClaudeRefusesBadRequests(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*anthropic.MessageNewParams){
		"temperature":   func(p *anthropic.MessageNewParams) { p.Temperature = anthropic.Float(0.5) },
		"no tokens":     func(p *anthropic.MessageNewParams) { p.MaxTokens = 0 },
		"empty text":    func(p *anthropic.MessageNewParams) { p.System[0].Text = " " },
		"no messages":   func(p *anthropic.MessageNewParams) { p.Messages = []anthropic.MessageParam{} },
		"retired model": func(p *anthropic.MessageNewParams) { p.Model = "claude-3-5-sonnet-20241022" },
		"range in schema": func(p *anthropic.MessageNewParams) {
			p.OutputConfig.Format.Schema = map[string]any{"type": "integer", "minimum": 1}
		},
		"open schema": func(p *anthropic.MessageNewParams) {
			p.OutputConfig.Format.Schema = map[string]any{"type": "object", "properties": map[string]any{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ask(t, simulate.NewClaude(simulate.ClaudeConfig{}), change)
			var e *anthropic.Error
			if !errors.As(err, &e) || e.StatusCode != 400 && e.StatusCode != 404 {
				t.Errorf("error: %v", err)
			}
		})
	}
	if _, err := ask(t, simulate.NewClaude(simulate.ClaudeConfig{Key: "other"}), nil); err == nil {
		t.Error("a wrong key is taken")
	}
}

func TestClaudeBreaksTheConnection(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Reset})
	if _, err := ask(t, c, nil); err == nil {
		t.Error("answered")
	}
	if calls := c.Calls(); len(calls) != 1 || calls[0].Status != 0 {
		t.Errorf("calls: %+v", calls)
	}
}

func TestClaudeHangsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Hang})
	if _, err := ask(t, c, nil, option.WithRequestTimeout(20*time.Millisecond)); err == nil {
		t.Error("answered")
	}
	slow := simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Slow, Slow: 20 * time.Millisecond})
	start := time.Now()
	if _, err := ask(t, slow, nil); err != nil || time.Since(start) < 20*time.Millisecond {
		t.Errorf("slow: %v after %s", err, time.Since(start))
	}
}

func TestClaudeLimits(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{Requests: 1})
	var header http.Header
	keep := option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		answer, err := next(r)
		if answer != nil {
			header = answer.Header
		}
		return answer, err
	})
	if _, err := ask(t, c, nil, keep); err != nil || header.Get("Anthropic-Ratelimit-Requests-Remaining") != "0" || header.Get("Anthropic-Ratelimit-Input-Tokens-Limit") == "" {
		t.Errorf("first: %v, %v", err, header)
	}
	reset, err := time.Parse(time.RFC3339, header.Get("Anthropic-Ratelimit-Requests-Reset"))
	if err != nil || time.Until(reset) > time.Minute {
		t.Errorf("reset: %v, %v", reset, err)
	}
	if _, err := ask(t, c, nil, keep); err == nil || header.Get("Retry-After") == "" {
		t.Errorf("second: %v, %v", err, header)
	}
}

func TestClaudeScriptedAnswer(t *testing.T) {
	t.Parallel()
	c := simulate.NewClaude(simulate.ClaudeConfig{})
	c.SetAnswer(func(r simulate.Request) string { return r.Model })
	message, err := ask(t, c, nil)
	if err != nil || message.Content[0].Text != "claude-sonnet-5-5" || c.Calls()[0].Answer != "claude-sonnet-5-5" {
		t.Errorf("message: %+v, %v", message, err)
	}
}

func TestClaudeCountsAndLists(t *testing.T) {
	t.Parallel()
	url, stop := simulate.NewClaude(simulate.ClaudeConfig{}).Start()
	defer stop()
	sdk := anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(url), option.WithAPIKey("key"), option.WithMaxRetries(0))
	count, err := sdk.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{
		Model: "claude-haiku-5-5", Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(strings.Repeat("word ", 80)))},
	})
	if err != nil || count.InputTokens != 100 {
		t.Errorf("count: %v, %v", count, err)
	}
	list, err := sdk.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(list.Data) < 5 {
		t.Errorf("models: %v, %v", list, err)
	}
	one, err := sdk.Models.Get(t.Context(), "claude-opus-5-5", anthropic.ModelGetParams{})
	if err != nil || !strings.Contains(one.DisplayName, "simulated") {
		t.Errorf("model: %v, %v", one, err)
	}
}
