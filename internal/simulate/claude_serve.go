package simulate

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// overloadedStatus is Anthropic's own status code for overloaded_error.
const overloadedStatus = 529

// failures are the modes that answer with an error.
var failures = map[Mode]apiError{
	Down:        {http.StatusInternalServerError, "api_error", "Internal server error"},
	Overloaded:  {overloadedStatus, "overloaded_error", "Overloaded"},
	RateLimited: {http.StatusTooManyRequests, "rate_limit_error", "This request would exceed your organization's rate limit of requests per minute (simulated)."},
	SpendStop:   {http.StatusTooManyRequests, "rate_limit_error", "enforced_spend_limit_reached: the spend limit of this workspace is reached (simulated)."},
	UsageLimit:  {http.StatusBadRequest, "invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2099-01-01 at 00:00 UTC."},
}

func (c *Claude) name(prefix string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	return fmt.Sprintf("%s%08d", prefix, c.serial)
}

// messages logs each call before it answers: whoever has the answer finds the call in the log.
func (c *Claude) messages(w http.ResponseWriter, r *http.Request) {
	in, problem := readMessage(w, r)
	call := ClaudeCall{Request: in.request(), At: c.cfg.Now(), Path: r.URL.Path}
	if problem == nil {
		call.Mode = c.next(in.Model)
		problem = c.obstacle(w, call.Mode)
	}
	if problem != nil {
		call.Status, call.Message = problem.status, problem.message
		c.log(call)
		problem.write(w)
		return
	}
	switch call.Mode {
	case Reset:
		c.log(call)
		reset(w)
		return
	case Hang:
		c.log(call)
		<-r.Context().Done()
		return
	case Slow:
		if !wait(r.Context(), c.cfg.Slow) {
			c.log(call)
			return
		}
	}
	c.respond(w, in, call)
}

// obstacle is the error of a mode, or of a limit that is reached.
func (c *Claude) obstacle(w http.ResponseWriter, mode Mode) *apiError {
	e, fails := failures[mode]
	if !fails && c.spend(1, 0, 0) {
		return nil
	}
	if !fails {
		e = failures[RateLimited]
		w.Header().Set("Retry-After", strconv.Itoa(max(1, seconds(c.windowEnd().Sub(c.cfg.Now())))))
	}
	if mode == RateLimited {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(c.cfg.RetryAfter)))
	}
	c.limitHeaders(w.Header())
	return &e
}

func (c *Claude) respond(w http.ResponseWriter, in messageInput, call ClaudeCall) {
	body := c.message(in, &call)
	c.spend(0, call.Usage.Input+call.Usage.CacheWrite, call.Usage.Output)
	c.log(call)
	c.limitHeaders(w.Header())
	sendJSON(w, http.StatusOK, body)
}

// message is the answer to a call, which learns of it.
func (c *Claude) message(in messageInput, call *ClaudeCall) object {
	text := c.text(call.Request, call.Mode)
	usage := c.usage(in)
	usage.Output = tokens(text)
	stop := any("end_turn")
	content := []object{{"type": "text", "text": text}}
	var details any
	switch call.Mode {
	case Refuse:
		stop, content, usage.Output = "refusal", []object{}, 0
		details = object{"type": "refusal", "category": "cyber", "explanation": "simulated"}
	case EmptyStop:
		stop = nil
	case Empty:
		content = []object{}
	case ThinkingFirst:
		content = append([]object{{"type": "thinking", "thinking": "(simulated thought)", "signature": "c2ltdWxhdGVk"}}, content...)
	case Truncate:
		usage.Output = call.MaxTokens
	}
	if usage.Output >= call.MaxTokens || call.Mode == Truncate {
		text = text[:len(text)/2]
		stop, content, usage.Output = "max_tokens", []object{{"type": "text", "text": strings.ToValidUTF8(text, "")}}, call.MaxTokens
	}
	call.Status, call.Answer, call.Usage = http.StatusOK, text, usage
	call.StopReason, _ = stop.(string)
	return object{
		"id": c.name("msg_simulated"), "type": "message", "role": "assistant", "model": in.Model, "content": content,
		"stop_reason": stop, "stop_details": details, "stop_sequence": nil, "usage": usage.object(),
	}
}

// text is what the answer says in a mode.
func (c *Claude) text(r Request, mode Mode) string {
	switch mode {
	case NotSchema:
		return `{"simulated": true, "labels": "not a list", "unexpected": ["member"]}`
	case NotJSON:
		return "Here is my (simulated) analysis: this looks like a bug, and I would label it as one."
	}
	c.mu.Lock()
	answer := c.answer
	c.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	return Reply(r)
}

func (u ClaudeUsage) object() object {
	return object{
		"input_tokens": u.Input, "cache_creation_input_tokens": u.CacheWrite, "cache_read_input_tokens": u.CacheRead,
		"cache_creation": object{"ephemeral_5m_input_tokens": u.CacheWrite, "ephemeral_1h_input_tokens": 0},
		"output_tokens":  u.Output, "service_tier": "standard",
	}
}

// tokens estimates what a text counts for: about four characters each.
func tokens(text string) int { return (utf8.RuneCountInString(text) + 3) / 4 }

// usage counts a request, and remembers its prefix up to each mark for as long as the real cache would.
func (c *Claude) usage(in messageInput) ClaudeUsage {
	c.mu.Lock()
	defer c.mu.Unlock()
	request := in.request()
	prefix := in.Model + "\x00" + string(request.Schema) + "\x00"
	schema, counted, marked, read := tokens(string(request.Schema)), 0, 0, 0
	now := c.cfg.Now()
	visit := func(b textBlock) {
		prefix += b.Text + "\x00"
		counted += tokens(b.Text)
		if b.CacheControl == nil || counted < models[in.Model].minCache {
			return
		}
		life := 5 * time.Minute
		if b.CacheControl.TTL == "1h" {
			life = time.Hour
		}
		key := sha256.Sum256([]byte(prefix))
		if now.Before(c.cached[key]) {
			read = counted
		}
		marked = counted
		c.cached[key] = now.Add(life)
	}
	for _, b := range in.System {
		visit(b)
	}
	for _, t := range in.Messages {
		for _, b := range t.Content {
			visit(b)
		}
	}
	return ClaudeUsage{Input: counted - marked + schema, CacheWrite: marked - read, CacheRead: read}
}

func (c *Claude) countTokens(w http.ResponseWriter, r *http.Request) {
	in, problem := readMessage(w, r)
	if problem != nil {
		problem.write(w)
		return
	}
	request := in.request()
	sendJSON(w, http.StatusOK, object{"input_tokens": tokens(request.System) + tokens(request.User) + tokens(string(request.Schema))})
}

// spend counts towards the limits of the running minute; false says that they were reached before.
func (c *Claude) spend(requests, input, output int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.window
	if now := c.cfg.Now(); now.Sub(w.start) >= time.Minute {
		w.start, w.requests, w.input, w.output = now, 0, 0, 0
	}
	if requests > 0 && (w.requests >= c.cfg.Requests || w.input >= c.cfg.InputTokens || w.output >= c.cfg.OutputTokens) {
		return false
	}
	w.requests += requests
	w.input += input
	w.output += output
	return true
}

func (c *Claude) windowEnd() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.window.start.Add(time.Minute)
}

func (c *Claude) limitHeaders(h http.Header) {
	end := c.windowEnd().UTC().Format(time.RFC3339)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range []struct {
		name        string
		limit, used int
	}{
		{"requests", c.cfg.Requests, c.window.requests},
		{"input-tokens", c.cfg.InputTokens, c.window.input},
		{"output-tokens", c.cfg.OutputTokens, c.window.output},
	} {
		prefix := "Anthropic-Ratelimit-" + l.name
		h.Set(prefix+"-limit", strconv.Itoa(l.limit))
		h.Set(prefix+"-remaining", strconv.Itoa(max(0, l.limit-l.used)))
		h.Set(prefix+"-reset", end)
	}
}
