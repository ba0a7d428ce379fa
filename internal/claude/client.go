// Package claude is the only door to Anthropic: one call without retries, limits, usage and cost.
//
// An answer is an answer only when the model ended its turn normally. Everything else is one of the errors of hls.
package claude

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"hls/internal/breaker"
	"hls/internal/fault"
	"hls/internal/hls"
)

// Client asks Claude. It is safe for concurrent use.
type Client struct {
	cfg     Config
	model   string // the default, never a retired one
	sdk     anthropic.Client
	prices  tariff
	limiter *limiter
	common  *common
	meter   *meter
	breaker *breaker.Breaker
	brake   brake
}

// New makes the door to Claude. It asks nobody.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.filled()
	if err != nil {
		return nil, fmt.Errorf("configure claude: %w", err)
	}
	model, _ := Resolve(cfg.Model)
	common := newCommon(cfg)
	client := newHTTPClient(maxResponseBytes, cfg.Dial)
	wayIn, err := cfg.wayIn(client)
	if err != nil {
		return nil, fmt.Errorf("configure claude: %w", err)
	}
	return &Client{
		cfg: cfg, model: model, prices: tariff(cfg.Prices), limiter: newLimiter(cfg.Limits), common: common, meter: &meter{},
		brake:   brake{common: common},
		breaker: breaker.New(cfg.Breaker.Scaled(fault.Scaled)),
		sdk: anthropic.NewClient(append([]option.RequestOption{
			option.WithoutEnvironmentDefaults(),
			option.WithoutOpenTelemetry(), // spans are made by whoever calls, without the prompt in them
			option.WithBaseURL(cfg.BaseURL),
			option.WithMaxRetries(0),
			option.WithRequestTimeout(cfg.Timeout),
			option.WithHTTPClient(client),
		}, wayIn...)...),
	}, nil
}

// Snapshot is what the traffic so far has shown.
func (c *Client) Snapshot() Snapshot {
	s := c.meter.snapshot()
	s.Breaker = c.breaker.Snapshot()
	told, heard := c.limiter.limits()
	s.LimitsAt = heard
	s.Requests, s.InputTokens, s.OutputTokens = told[requests], told[inputTokens], told[outputTokens]
	return s
}

// promptOverhead is what the API itself adds to a prompt, as the instructions for structured output, in tokens.
const promptOverhead = 2000

// Ceiling is the most that a request can cost, in micro-dollars. A token is at least one byte.
func (c *Client) Ceiling(r hls.Request) int64 {
	bytes := len(r.Prompt.System) + len(r.Prompt.User) + len(r.Prompt.Schema)
	most := c.prices.ceiling(c.resolve(r.Model), int64(bytes)+promptOverhead, c.maxTokens(r))
	if r.Batch {
		return halved(most)
	}
	return most
}

// Cost is what tokens cost of a model, in micro-dollars. What was written to the prompt cache counts as written, and what was
// read from it as read.
func (c *Client) Cost(model string, u hls.Usage) int64 { return c.prices.cost(c.resolve(model), u) }

func (c *Client) resolve(name string) string {
	if name == "" {
		return c.model
	}
	actual, _ := Resolve(name)
	return actual
}

func (c *Client) maxTokens(r hls.Request) int64 {
	if r.MaxTokens > 0 {
		return int64(r.MaxTokens)
	}
	return int64(c.cfg.MaxTokens)
}

// Ask makes one call. An error that wraps hls.ErrAmbiguous leaves open whether the call was made and paid for. After
// an *hls.SpendStop every call fails with it, without being made, until it lifts.
func (c *Client) Ask(ctx context.Context, r hls.Request) (hls.Answer, error) {
	answer, err := c.ask(ctx, r)
	if err != nil {
		return hls.Answer{}, fmt.Errorf("ask Claude: %w", err)
	}
	return answer, nil
}

func (c *Client) ask(ctx context.Context, r hls.Request) (hls.Answer, error) {
	if err := cmp.Or(c.brake.check(ctx), held(c.breaker.Check(c.resolve(r.Model)))); err != nil {
		return hls.Answer{}, err
	}
	params, err := c.params(r)
	if err != nil {
		return hls.Answer{}, &hls.Permanent{Err: err, Reason: reasonInvalid}
	}
	// About four bytes are a token; what is really used is settled afterwards.
	bytes := float64(len(r.Prompt.System) + len(r.Prompt.User) + len(r.Prompt.Schema))
	e := estimate{requests: 1, inputTokens: bytes / 4, outputTokens: 1}
	admitted, err := c.admit(ctx, string(params.Model), e)
	if err != nil {
		return hls.Answer{}, err
	}
	pass, err := c.enter(ctx, admitted)
	if err != nil {
		admitted.forgo(ctx)
		return hls.Answer{}, err
	}
	answer, err := c.call(ctx, params, admitted, pass)
	admitted.settle(ctx, answer.Usage)
	c.meter.ended(err)
	return answer, err
}

// enter waits until the breaker lets a call through. A spend stop may have come during that wait, and that for limits.
func (c *Client) enter(ctx context.Context, admitted *admission) (*breaker.Pass, error) {
	pass, err := c.breaker.Enter(ctx, admitted.model)
	if err != nil {
		return nil, held(err)
	}
	if err := cmp.Or(c.brake.check(ctx), admitted.late()); err != nil {
		pass.Leave(breaker.Untold, nil)
		return nil, err
	}
	return pass, nil
}

// call sends the request, gives the pass back and judges the answer. The usage is that of the answer even when it fails.
func (c *Client) call(ctx context.Context, params anthropic.MessageNewParams, admitted *admission, pass *breaker.Pass) (hls.Answer, error) {
	defer pass.Leave(breaker.Untold, nil)
	var (
		resp *http.Response
		sent atomic.Bool
	)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	model := string(params.Model)
	params.Model = c.cfg.spelled(model)
	message, err := c.sdk.Messages.New(traced, params, option.WithResponseInto(&resp))
	if resp != nil {
		admitted.learn(resp.Header)
	}
	if err != nil {
		failed := failure{err: err, resp: resp, sent: sent.Load()}
		err = judge(ctx, failed)
		c.brake.pull(ctx, err) // before anyone else is let through
		pass.Leave(failed.verdict(ctx), failed.err)
		var retry *hls.RetryAfter
		if errors.As(err, &retry) && retry.After > 0 {
			c.postpone(ctx, model, retry)
		}
		c.schedule(model, err)
		return hls.Answer{}, err
	}
	pass.Leave(breaker.Answered, nil)
	return c.read(message, model, resp.Header.Get("Request-Id"))
}

// postpone makes every call of a model wait, or fail while it is overloaded, on all instances.
func (c *Client) postpone(ctx context.Context, model string, retry *hls.RetryAfter) {
	overloaded := errors.Is(retry, hls.ErrOverloaded)
	c.limiter.pause(model, retry.After, overloaded)
	c.common.pause(ctx, model, retry.After, overloaded)
}

// read takes the text out of an answer that ended normally. Blocks are chosen by type: thinking may come first.
func (c *Client) read(message *anthropic.Message, model, request string) (hls.Answer, error) {
	answer := hls.Answer{
		Model: cmp.Or(string(message.Model), model), StopReason: string(message.StopReason), RequestID: cmp.Or(request, message.ID),
		Usage: hls.Usage{
			InputTokens: message.Usage.InputTokens, OutputTokens: message.Usage.OutputTokens,
			CacheReadTokens: message.Usage.CacheReadInputTokens, CacheWriteTokens: message.Usage.CacheCreationInputTokens,
		},
	}
	answer.Usage.CostMicroUSD = c.prices.cost(c.prices.name(model, answer.Model), answer.Usage)
	for _, block := range message.Content {
		if block.Type == "text" {
			answer.Text += block.Text
		}
	}
	reason := ""
	switch {
	case message.StopReason == "":
		reason = "no_stop_reason"
	case message.StopReason != anthropic.StopReasonEndTurn:
		reason = string(message.StopReason)
	case strings.TrimSpace(answer.Text) == "":
		reason = "empty"
	}
	if reason != "" {
		err := fmt.Errorf("claude's answer %s cannot be used", message.ID)
		return answer, &hls.Unusable{Err: err, Reason: reason, Usage: answer.Usage}
	}
	return answer, nil
}

// params spells a request as the API has it: the stable part as a system block that is cached, the rest as the
// user's turn, the schema as the output's format.
func (c *Client) params(r hls.Request) (anthropic.MessageNewParams, error) {
	name := c.resolve(r.Model)
	params := anthropic.MessageNewParams{
		Model:     name,
		MaxTokens: c.maxTokens(r),
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(r.Prompt.User))},
	}
	if r.Repo != "" {
		params.Metadata.UserID = anthropic.String("repo:" + r.Repo)
	}
	if r.Prompt.System != "" {
		cached := anthropic.NewCacheControlEphemeralParam()
		cached.TTL = anthropic.CacheControlEphemeralTTLTTL5m
		params.System = []anthropic.TextBlockParam{{Text: r.Prompt.System, CacheControl: cached}}
	}
	if len(r.Prompt.Schema) > 0 {
		// Members below the first level stay as they are written: answers follow their order.
		var members map[string]json.RawMessage
		if err := json.Unmarshal(r.Prompt.Schema, &members); err != nil {
			return params, fmt.Errorf("read schema of the answer: %w", err)
		}
		schema := make(map[string]any, len(members))
		for key, value := range members {
			schema[key] = value
		}
		params.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schema}
	}
	m, _ := lookUp(name)
	if c.cfg.Temperature != nil && m.temperature {
		params.Temperature = anthropic.Float(*c.cfg.Temperature)
	}
	if m.effort {
		params.OutputConfig.Effort = anthropic.OutputConfigEffort(c.cfg.Effort)
	}
	return params, nil
}
