package claude

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"hls/internal/breaker"
	"hls/internal/hls"
	"hls/internal/share"
)

// Config is the section claude of the settings.
type Config struct {
	// Who serves Claude: Anthropic itself, Amazon Bedrock, or Google's Vertex AI.
	Provider string `yaml:"provider" default:"anthropic" jsonschema:"enum=anthropic,enum=bedrock,enum=vertex"`
	// How Amazon Bedrock is asked, where provider is bedrock.
	Bedrock Bedrock `yaml:"bedrock"`
	// How Vertex AI is asked, where provider is vertex.
	Vertex Vertex `yaml:"vertex"`
	// Root of the API; empty means the provider's own, or for Anthropic ANTHROPIC_BASE_URL.
	BaseURL string `yaml:"base_url"`
	// Key of the Anthropic API, where provider is anthropic.
	APIKey hls.Secret `yaml:"api_key"`
	// Model that is asked for all work; models may name others by its weight, and so may a repository. Unset, models says
	// which are asked.
	Model string `yaml:"model"`
	// The most tokens of one answer, thinking among them.
	MaxTokens int `yaml:"max_tokens" default:"16000" jsonschema:"minimum=1"`
	// Randomness of the answer; sent only to models that take it.
	Temperature *float64 `yaml:"temperature" jsonschema:"minimum=0,maximum=1"`
	// The most that one call may take.
	Timeout time.Duration `yaml:"timeout" default:"5m"`
	// How much work the model puts into an answer; sent only to models that take it. Empty means the model's default.
	Effort string `yaml:"effort" jsonschema:"enum=low,enum=medium,enum=high,enum=xhigh,enum=max"`
	// Keep HLS within what the account allows.
	Limits Limits `yaml:"limits"`
	// Prices in US dollars per million tokens by model, over the built-in table.
	Prices map[string]Price `yaml:"prices"`
	// Breaker says when a Claude that is out of order is left alone. The zero value has defaults.
	Breaker breaker.Config `yaml:"-"`
	// Shares keep the limits together with other instances; nil means that this process is alone.
	Shares share.Store `yaml:"-"`
	// Dial makes connections; nil means the machine's network.
	Dial dialer `yaml:"-"`
}

// Limits are those of all instances on one database together, but for Concurrency. Zero is no limit of ours; those that the API's answers tell hold all the same.
type Limits struct {
	// Calls in a minute; 0 means no limit but the API's.
	RequestsPerMinute int `yaml:"requests_per_minute" jsonschema:"minimum=0"`
	// Input tokens in a minute; 0 means no limit but the API's.
	InputTokensPerMinute int `yaml:"input_tokens_per_minute" jsonschema:"minimum=0"`
	// Output tokens in a minute; 0 means no limit but the API's.
	OutputTokensPerMinute int `yaml:"output_tokens_per_minute" jsonschema:"minimum=0"`
	// Calls of one instance under way at once; 0 means no limit.
	Concurrency int `yaml:"concurrency" default:"8" jsonschema:"minimum=0"`
}

const (
	defaultBaseURL   = "https://api.anthropic.com"
	defaultMaxTokens = 16000
	defaultTimeout   = 5 * time.Minute
)

var efforts = map[string]bool{"": true, "low": true, "medium": true, "high": true, "xhigh": true, "max": true}

// filled is the configuration with its defaults.
func (c Config) filled() (Config, error) {
	if c.Provider == "" {
		c.Provider = direct
	}
	if c.Vertex.Region == "" {
		c.Vertex.Region = "global"
	}
	if err := c.checkProvider(); err != nil {
		return c, err
	}
	if c.BaseURL == "" {
		c.BaseURL = c.ownBaseURL()
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || base.User != nil {
		return c, errors.New("base_url is not an http or https URL")
	}
	if c.MaxTokens == 0 {
		c.MaxTokens = defaultMaxTokens
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	for key, value := range map[string]int{
		"max_tokens": c.MaxTokens, "timeout": int(c.Timeout), "limits.requests_per_minute": c.Limits.RequestsPerMinute,
		"limits.input_tokens_per_minute":  c.Limits.InputTokensPerMinute,
		"limits.output_tokens_per_minute": c.Limits.OutputTokensPerMinute, "limits.concurrency": c.Limits.Concurrency,
	} {
		if value < 0 {
			return c, fmt.Errorf("%s is negative", key)
		}
	}
	if !efforts[c.Effort] {
		return c, errors.New("effort is none of low, medium, high, xhigh, max")
	}
	return c, nil
}
