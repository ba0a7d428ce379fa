package claude

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"hls/internal/hls"
)

// The request on the wire is the recorded one, and the recorded answer is read back.
func TestStructuredOutputOnTheWire(t *testing.T) {
	t.Parallel()
	recorded := file(t, "structured.request.txt")
	want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(recorded)))
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		OutputConfig struct {
			Format struct {
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"output_config"`
	}
	_, sent, _ := strings.Cut(recorded, "\n\n")
	if _, after, ok := strings.Cut(recorded, "\r\n\r\n"); ok {
		sent = after
	}
	if err := json.Unmarshal([]byte(sent), &body); err != nil {
		t.Fatal(err)
	}
	s := serve(t, answer(200, file(t, "structured.response.json"), "Request-Id", "req_1"))
	c := dial(t, s.URL, func(cfg *Config) { cfg.MaxTokens = 4000; cfg.Model = "claude-haiku-4-5-20251001" })
	got, err := c.Ask(t.Context(), hls.Request{Repo: "acme/widget-shop", Prompt: hls.Prompt{
		System: "You triage GitHub issues. <long, stable instructions>",
		User:   "Issue #1347: Crash when <b>saving</b>",
		Schema: body.OutputConfig.Format.Schema,
	}})
	if err != nil {
		t.Fatal(err)
	}
	// 120 input tokens at 1, 1800 cache writes at 1.25, 17 output tokens at 5 US dollars per million.
	usage := hls.Usage{InputTokens: 120, OutputTokens: 17, CacheWriteTokens: 1800, CostMicroUSD: 120 + 2250 + 85}
	if want := (hls.Answer{
		Text: `{"priority":"high","labels":["bug"]}`, Model: "claude-haiku-4-5-20251001", StopReason: "end_turn",
		RequestID: "req_1", Usage: usage,
	}); got != want {
		t.Errorf("got %+v", got)
	}
	request := s.seen()[0]
	if request.Method != want.Method || request.Path != want.URL.Path {
		t.Errorf("sent %s %s", request.Method, request.Path)
	}
	for _, name := range []string{"Anthropic-Version", "Content-Type", "X-Stainless-Retry-Count"} {
		if request.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s: sent %q, want %q", name, request.Header.Get(name), want.Header.Get(name))
		}
	}
	if request.Header.Get("X-Api-Key") != testKey || request.Header.Get("Authorization") != "" {
		t.Error("the key is not where it belongs")
	}
	if !reflect.DeepEqual(decoded(t, request.Body), decoded(t, sent)) {
		t.Errorf("sent %s", request.Body)
	}
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&v); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return v
}

// The model sees the members of the answer in the order in which the schema has them, call after call.
func TestTheSchemaKeepsItsOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(200, message(text, `"end_turn"`)))
	c := dial(t, s.URL)
	q := question()
	q.Prompt.Schema = []byte(`{"type":"object","properties":{"reason":{"type":"string"},"label":{"type":"string"},"a":{"type":"string"}}}`)
	for range 2 {
		if _, err := c.Ask(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	first, second := s.seen()[0].Body, s.seen()[1].Body
	if first != second {
		t.Errorf("sent %s and then %s", first, second)
	}
	if !strings.Contains(strings.ReplaceAll(first, " ", ""), `{"reason":{"type":"string"},"label":{"type":"string"},"a":`) {
		t.Errorf("sent %s", first)
	}
}

// Newer models refuse temperature, older ones effort.
func TestParametersThatAModelTakes(t *testing.T) {
	t.Parallel()
	for model, want := range map[string][2]bool{ // temperature, effort
		"claude-haiku-4-5":           {true, false},
		"claude-haiku-4-5-20251001":  {true, false},
		"claude-sonnet-4-6":          {true, true},
		"claude-sonnet-5-5":          {false, true},
		"claude-opus-5-5":            {false, true},
		"claude-haiku-5-5":           {false, true},
		"claude-of-the-future":       {false, false},
		"claude-3-5-sonnet-20241022": {false, true}, // the default is asked
	} {
		s := serve(t, answer(200, message(text, `"end_turn"`)))
		c := dial(t, s.URL, func(cfg *Config) { cfg.Temperature = new(0.0); cfg.Effort = "low" })
		q := question()
		q.Model = model
		if _, err := c.Ask(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		body := s.seen()[0].Body
		if got := [2]bool{strings.Contains(body, `"temperature"`), strings.Contains(body, `"effort"`)}; got != want {
			t.Errorf("%s: got %v, want %v: %s", model, got, want, body)
		}
	}
}

// What the environment says of keys and hosts is not believed: the settings are.
func TestS1_TheEnvironmentIsNotRead(t *testing.T) {
	thief := serve(t, answer(200, message(text, `"end_turn"`)))
	s := serve(t, answer(200, message(text, `"end_turn"`)))
	t.Setenv("ANTHROPIC_BASE_URL", thief.URL)
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("ANTHROPIC_AUTH_TOKEN", "another-token")
	if _, err := dial(t, s.URL).Ask(t.Context(), question()); err != nil {
		t.Fatal(err)
	}
	h := s.seen()[0].Header
	if h.Get("X-Api-Key") != testKey || h.Get("Authorization") != "" || len(thief.seen()) != 0 {
		t.Errorf("sent %v", h)
	}
}
