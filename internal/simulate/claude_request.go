package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// apiError is an error as Anthropic's API sends it ("Errors").
type apiError struct {
	status  int
	kind    string
	message string
}

func (e *apiError) write(w http.ResponseWriter) {
	sendJSON(w, e.status, object{
		"type": "error", "error": object{"type": e.kind, "message": e.message}, "request_id": w.Header().Get("Request-Id"),
	})
}

func invalidRequest(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "invalid_request_error", fmt.Sprintf(format, args...)}
}

func sendJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// messageInput is the body of POST /v1/messages. A member that is not here is refused, as by the real API.
type messageInput struct {
	Model         string          `json:"model"`
	MaxTokens     *int            `json:"max_tokens"`
	Messages      []turn          `json:"messages"`
	System        blocks          `json:"system"`
	OutputConfig  *outputConfig   `json:"output_config"`
	Temperature   *float64        `json:"temperature"`
	TopP          *float64        `json:"top_p"`
	TopK          *int            `json:"top_k"`
	Stream        bool            `json:"stream"`
	Metadata      json.RawMessage `json:"metadata"`
	StopSequences []string        `json:"stop_sequences"`
	Thinking      json.RawMessage `json:"thinking"`
	ServiceTier   string          `json:"service_tier"`
	CacheControl  *cacheControl   `json:"cache_control"`
	InferenceGeo  string          `json:"inference_geo"`
}

type turn struct {
	Role    string `json:"role"`
	Content blocks `json:"content"`
}

type outputConfig struct {
	Effort string        `json:"effort"`
	Format *outputFormat `json:"format"`
}

type outputFormat struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

type textBlock struct {
	Type         string        `json:"type"`
	Text         string        `json:"text"`
	CacheControl *cacheControl `json:"cache_control"`
}

type cacheControl struct {
	Type string `json:"type"`
	TTL  string `json:"ttl"`
}

// blocks is content, which may be a bare string.
type blocks []textBlock

// UnmarshalJSON implements json.Unmarshaler.
func (b *blocks) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*b = blocks{{Type: "text", Text: text}}
		return nil
	}
	var list []textBlock
	if err := strict(raw, &list); err != nil {
		return err
	}
	*b = list
	return nil
}

func (b blocks) text() string {
	var parts []string
	for _, one := range b {
		parts = append(parts, one.Text)
	}
	return strings.Join(parts, "\n\n")
}

// marked is how much of the text stands up to the last mark for the cache.
func (b blocks) marked() (bytes int) {
	for i := range b {
		if b[i].CacheControl != nil {
			bytes = len(b[:i+1].text())
		}
	}
	return bytes
}

// strict decodes JSON and refuses members that are not known.
func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("extra data after the object")
	}
	return nil
}

func readMessage(w http.ResponseWriter, r *http.Request) (messageInput, *apiError) {
	var in messageInput
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
	if err != nil {
		return in, &apiError{http.StatusRequestEntityTooLarge, "request_too_large", "Request exceeds the maximum size"}
	}
	if err := strict(raw, &in); err != nil {
		return in, invalidRequest("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return in, in.check(strings.HasSuffix(r.URL.Path, "/count_tokens"))
}

// check refuses what the real API refuses. counting is true for count_tokens, which takes no max_tokens.
func (in messageInput) check(counting bool) *apiError {
	m, known := models[in.Model]
	switch {
	case in.Model == "":
		return invalidRequest("model: Field required")
	case !known || m.retired:
		return &apiError{http.StatusNotFound, "not_found_error", "model: " + in.Model}
	case in.MaxTokens == nil && !counting:
		return invalidRequest("max_tokens: Field required")
	case in.MaxTokens != nil && *in.MaxTokens < 1:
		return invalidRequest("max_tokens: must be greater than or equal to 1")
	case in.MaxTokens != nil && *in.MaxTokens > m.maxTokens:
		return invalidRequest("max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s", *in.MaxTokens, m.maxTokens, in.Model)
	case in.Stream:
		return invalidRequest("stream: simulated Claude does not stream")
	case !m.sampling && in.Temperature != nil:
		return invalidRequest("`temperature` is deprecated for this model.")
	case !m.sampling && (in.TopP != nil || in.TopK != nil):
		return invalidRequest("`top_p` and `top_k` are deprecated for this model.")
	case in.Temperature != nil && (*in.Temperature < 0 || *in.Temperature > 1):
		return invalidRequest("temperature: range: 0..1")
	}
	if e := in.checkContent(); e != nil {
		return e
	}
	return in.checkOutput()
}

func (in messageInput) checkContent() *apiError {
	if len(in.Messages) == 0 {
		return invalidRequest("messages: at least one message is required")
	}
	if in.Messages[0].Role != "user" {
		return invalidRequest("messages: first message must use the \"user\" role")
	}
	marks := 0
	for i, t := range in.Messages {
		if t.Role != "user" && t.Role != "assistant" {
			return invalidRequest("messages.%d.role: Input should be 'user' or 'assistant'", i)
		}
		if e := t.Content.check(fmt.Sprintf("messages.%d.content", i), &marks); e != nil {
			return e
		}
	}
	if in.Messages[len(in.Messages)-1].Role == "assistant" {
		return invalidRequest("This model does not support assistant message prefill. The conversation must end with a user message.")
	}
	if in.System != nil {
		return in.System.check("system", &marks)
	}
	return nil
}

func (b blocks) check(where string, marks *int) *apiError {
	if len(b) == 0 {
		return invalidRequest("%s: at least one block is required", where)
	}
	for i, one := range b {
		at := fmt.Sprintf("%s.%d", where, i)
		switch {
		case one.Type != "text":
			return invalidRequest("%s.type: simulated Claude reads text only, not %q", at, one.Type)
		case strings.TrimSpace(one.Text) == "":
			return invalidRequest("%s.text: text content blocks must contain non-whitespace text", at)
		case one.CacheControl == nil:
			continue
		case one.CacheControl.Type != "ephemeral":
			return invalidRequest("%s.cache_control.type: Input should be 'ephemeral'", at)
		case one.CacheControl.TTL != "" && one.CacheControl.TTL != "5m" && one.CacheControl.TTL != "1h":
			return invalidRequest("%s.cache_control.ephemeral.ttl: Input should be '5m' or '1h'", at)
		}
		if *marks++; *marks > 4 {
			return invalidRequest("A maximum of 4 blocks with cache_control may be provided.")
		}
	}
	return nil
}

func (in messageInput) checkOutput() *apiError {
	if in.OutputConfig == nil {
		return nil
	}
	switch in.OutputConfig.Effort {
	case "", "low", "medium", "high", "xhigh", "max":
	default:
		return invalidRequest("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
	}
	format := in.OutputConfig.Format
	if format == nil {
		return nil
	}
	if format.Type != "json_schema" {
		return invalidRequest("output_config.format.type: Input should be 'json_schema'")
	}
	if !models[in.Model].structured {
		return invalidRequest("output_config.format: not supported by %s", in.Model)
	}
	return checkSchema(format.Schema)
}

// request is what scripts and the log see of the body.
func (in messageInput) request() Request {
	out := Request{Model: in.Model, System: in.System.text(), Marked: in.System.marked()}
	if in.MaxTokens != nil {
		out.MaxTokens = *in.MaxTokens
	}
	var user []string
	for _, t := range in.Messages {
		if t.Role == "user" {
			user = append(user, t.Content.text())
		}
	}
	out.User = strings.Join(user, "\n\n")
	if in.OutputConfig != nil && in.OutputConfig.Format != nil {
		out.Schema = in.OutputConfig.Format.Schema
	}
	return out
}
