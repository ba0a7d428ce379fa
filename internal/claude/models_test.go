package claude

import (
	"math/rand/v2"
	"strings"
	"testing"

	"hls/internal/hls"
)

func TestRetiredNamesMeanTheDefault(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": defaultModel, "claude-3-5-sonnet-20241022": defaultModel, "claude-3-opus-20240229": defaultModel,
		"claude-3-haiku-20240307": defaultModel, "claude-2.1": defaultModel, "claude-instant-1.2": defaultModel,
		"claude-opus-4-20250514": defaultModel, "claude-opus-4-1-20250805": defaultModel, "claude-sonnet-4-0": defaultModel,
		"claude-opus-4-5": "claude-opus-4-5", "claude-haiku-4-5-20251001": "claude-haiku-4-5-20251001",
		"claude-opus-5-5": opus, "claude-haiku-5-5": haiku, "claude-sonnet-4-6": "claude-sonnet-4-6",
	} {
		got, warning := Resolve(name)
		if got != want || (warning != "") != (name != "" && name != want) {
			t.Errorf("%s: got %s, %q", name, got, warning)
		}
	}
}

// What is asked when the settings name nothing costs no more than the default, whatever it is asked for.
func TestUnsetModelsAreNoDearerThanTheDefault(t *testing.T) {
	t.Parallel()
	most, _ := lookUp(defaultModel)
	for weight, name := range Unset() {
		m, known := lookUp(name)
		if !known || m.price.Input > most.price.Input || m.price.Output > most.price.Output || m.long.Output > most.price.Output {
			t.Errorf("%s work goes to %s: %+v", weight, name, m)
		}
	}
	if unset := Unset(); unset[hls.Light] == unset[hls.Heavy] || len(unset) != 2 {
		t.Errorf("%v", unset)
	}
}

func TestWarningsNameTheirKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  Config
		want map[string]string // a word of the text by key
	}{
		"nothing":     {Config{}, nil},
		"retired":     {Config{Model: "claude-3-5-sonnet-20241022"}, map[string]string{"model": "retired"}},
		"temperature": {Config{Temperature: new(0.2)}, map[string]string{"temperature": sonnet}},
		"effort":      {Config{Model: "claude-haiku-4-5", Effort: "low"}, map[string]string{"effort": "claude-haiku-4-5"}},
		"unknown":     {Config{Model: "claude-x"}, map[string]string{"model": "claude.prices"}},
		"priced":      {Config{Model: "claude-x", Prices: map[string]Price{"claude-x": {Input: 1}}}, nil},
	} {
		got := test.cfg.Warnings()
		if len(got) != len(test.want) {
			t.Errorf("%s: %v", name, got)
		}
		for _, w := range got {
			if word, ok := test.want[w.Key]; !ok || !strings.Contains(w.Text, word) {
				t.Errorf("%s: %v", name, w)
			}
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	million := hls.Usage{InputTokens: 1e6, OutputTokens: 1e6, CacheWriteTokens: 1e6, CacheReadTokens: 1e6}
	for name, want := range map[string]int64{ // micro-dollars
		opus:                   4e6 + 20e6 + 5e6 + 0.2e6,
		sonnet:                 2e6 + 10e6 + 2.5e6 + 0.2e6,
		"claude-haiku-4-5":     1e6 + 5e6 + 1.25e6 + 0.1e6,
		"claude-sonnet-4-6":    3e6 + 15e6 + 3.75e6 + 0.3e6,
		haiku:                  0.5e6 + 2.5e6 + 0.625e6 + 0.05e6, // a long prompt
		"claude-of-the-future": 10e6 + 50e6 + 12.5e6 + 1e6,
		"own":                  1e6 + 2e6 + 1.25e6 + 0.1e6,
	} {
		prices := tariff{"own": {Input: 1, Output: 2}}
		if got := prices.cost(name, million); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	if got := (tariff{}).cost(haiku, hls.Usage{InputTokens: 1000, OutputTokens: 100}); got != 150 {
		t.Errorf("a short prompt: got %d", got)
	}
	own := tariff{"claude-x": {Input: 1}}
	for pair, want := range map[[2]string]string{
		{sonnet, "claude-sonnet-5-5-20260928"}: "claude-sonnet-5-5-20260928",
		{"claude-x", "claude-x-20260101"}:      "claude-x",
		{sonnet, opus}:                         opus,
		{sonnet, "stand-in"}:                   sonnet,
	} {
		if got := own.name(pair[0], pair[1]); got != want {
			t.Errorf("%v: priced as %s", pair, got)
		}
	}
}

// S3: no answer costs more than was set aside for it.
func TestS3_NoAnswerCostsMoreThanItsCeiling(t *testing.T) {
	t.Parallel()
	c := dial(t, "http://localhost")
	names := []string{"", haiku, sonnet, opus, "claude-haiku-4-5", "claude-of-the-future", "claude-3-opus-20240229"}
	for range 10_000 {
		r := hls.Request{
			Model: names[rand.N(len(names))], MaxTokens: 1 + rand.N(20_000),
			Prompt: hls.Prompt{System: strings.Repeat("s", rand.N(5000)), User: strings.Repeat("u", rand.N(200_000))},
		}
		prompt := int64(len(r.Prompt.System) + len(r.Prompt.User))
		write := rand.N(prompt + 1)
		read := rand.N(prompt - write + 1)
		u := hls.Usage{InputTokens: prompt - write - read, CacheWriteTokens: write, CacheReadTokens: read, OutputTokens: rand.N(int64(r.MaxTokens) + 1)}
		if cost, most := c.prices.cost(c.resolve(r.Model), u), c.Ceiling(r); cost > most {
			t.Fatalf("%q: cost %d, ceiling %d", r.Model, cost, most)
		}
	}
}

func TestConfigIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no key":   {},
		"url":      {APIKey: testKey, BaseURL: "example.com"},
		"negative": {APIKey: testKey, MaxTokens: -1},
		"limits":   {APIKey: testKey, Limits: Limits{Concurrency: -1}},
		"effort":   {APIKey: testKey, Effort: "huge"},
	} {
		if _, err := New(cfg); err == nil || contains(err.Error(), testKey) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
