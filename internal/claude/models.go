package claude

import (
	"fmt"
	"math"
	"strings"

	"hls/internal/hls"
)

// The current models, from the smallest up.
const (
	haiku  = "claude-haiku-5-5"
	sonnet = "claude-sonnet-5-5"
	opus   = "claude-opus-5-5"
)

// defaultModel answers when the settings name no other.
const defaultModel = sonnet

// Unset are the models for work of each weight when the settings name none at all. Nothing costs more than it would by the
// default: light work goes to a model that is cheaper, and heavy work to none that is dearer.
func Unset() map[hls.Weight]string {
	return map[hls.Weight]string{hls.Light: haiku, hls.Heavy: defaultModel}
}

// Price is what a model costs, in US dollars per million tokens.
type Price struct {
	// Input tokens that no cache knows.
	Input float64 `yaml:"input" jsonschema:"minimum=0"`
	// Output tokens, thinking among them.
	Output float64 `yaml:"output" jsonschema:"minimum=0"`
	// Input tokens written to the prompt cache; 1.25 times input unless set.
	CacheWrite float64 `yaml:"cache_write" jsonschema:"minimum=0"`
	// Input tokens read from the prompt cache; a tenth of input unless set.
	CacheRead float64 `yaml:"cache_read" jsonschema:"minimum=0"`
}

// model is what is known of a family of models.
type model struct {
	prefix      string // of its names: a date may follow
	price       Price
	longOver    int64 // prompts of more tokens cost long; 0 means none do
	long        Price
	temperature bool // newer ones refuse it
	effort      bool
}

// models is from "Pricing", "Effort" and the pages of the models in Anthropic's documentation. A name belongs to
// the first entry whose prefix it has.
var models = []model{
	{prefix: haiku, price: Price{0.10, 0.50, 0.125, 0.01}, longOver: 100_000, long: Price{0.50, 2.50, 0.625, 0.05}, effort: true},
	{prefix: sonnet, price: Price{2, 10, 2.50, 0.20}, effort: true},
	{prefix: opus, price: Price{4, 20, 5, 0.20}, effort: true},
	{prefix: "claude-fable-5-1", price: Price{10, 50, 12.50, 0.25}, effort: true},
	{prefix: "claude-mythos-5-1", price: Price{10, 50, 12.50, 0.25}, effort: true},
	{prefix: "claude-fable-5", price: Price{10, 50, 12.50, 1}, effort: true},
	{prefix: "claude-mythos-5", price: Price{10, 50, 12.50, 1}, effort: true},
	{prefix: "claude-opus-5", price: Price{5, 25, 6.25, 0.50}, effort: true},
	{prefix: "claude-sonnet-5", price: Price{2, 10, 2.50, 0.20}, effort: true},
	{prefix: "claude-opus-4-8", price: Price{5, 25, 6.25, 0.50}, effort: true},
	{prefix: "claude-opus-4-7", price: Price{5, 25, 6.25, 0.50}, effort: true},
	{prefix: "claude-opus-4-6", price: Price{5, 25, 6.25, 0.50}, temperature: true, effort: true},
	{prefix: "claude-opus-4-5", price: Price{5, 25, 6.25, 0.50}, temperature: true, effort: true},
	{prefix: "claude-sonnet-4-6", price: Price{3, 15, 3.75, 0.30}, temperature: true, effort: true},
	{prefix: "claude-sonnet-4-5", price: Price{3, 15, 3.75, 0.30}, temperature: true},
	{prefix: "claude-haiku-4-5", price: Price{1, 5, 1.25, 0.10}, temperature: true},
}

// retired are prefixes of names that the API no longer knows ("Model deprecations").
var retired = []string{
	"claude-1", "claude-2", "claude-instant", "claude-3-", "claude-opus-4-0", "claude-opus-4-1", "claude-opus-4-2025",
	"claude-4-opus", "claude-sonnet-4-0", "claude-sonnet-4-2025", "claude-4-sonnet", "claude-mythos-preview",
}

// Resolve names the model that is asked in place of name, with a warning when it is another: "" means the default,
// and so does a retired name.
func Resolve(name string) (actual, warning string) {
	if name == "" {
		return defaultModel, ""
	}
	for _, prefix := range retired {
		if strings.HasPrefix(name, prefix) {
			return defaultModel, fmt.Sprintf("model %s is retired; %s is asked instead", name, defaultModel)
		}
	}
	return name, ""
}

// lookUp finds a model. One that the table lacks costs as much as the dearest, so that caps hold, and is sent
// nothing that it might refuse.
func lookUp(name string) (m model, known bool) {
	name = plainName(name)
	for _, m := range models {
		if strings.HasPrefix(name, m.prefix) {
			return m, true
		}
	}
	return model{price: Price{10, 50, 12.50, 1}}, false
}

// Warning is something of the configuration that will not be as it asks.
type Warning struct {
	Key  string // below the section, as "model"
	Text string
}

// Warnings are those of the section.
func (c Config) Warnings() []Warning {
	name, _ := Resolve(c.Model)
	m, _ := lookUp(name)
	var warnings []Warning
	for _, text := range c.WarnModel(c.Model) {
		warnings = append(warnings, Warning{"model", text})
	}
	if c.Temperature != nil && !m.temperature {
		warnings = append(warnings, Warning{"temperature", fmt.Sprintf("model %s takes no temperature; it is not sent", name)})
	}
	if c.Effort != "" && !m.effort {
		warnings = append(warnings, Warning{"effort", fmt.Sprintf("model %s takes no effort; it is not sent", name)})
	}
	return warnings
}

// WarnModel says what is amiss with a model, the section's own or a repository's.
func (c Config) WarnModel(name string) []string {
	actual, warning := Resolve(name)
	var texts []string
	if warning != "" {
		texts = append(texts, warning)
	}
	_, priced := c.Prices[actual]
	if _, known := lookUp(actual); !known && !priced {
		texts = append(texts, fmt.Sprintf("model %s has no known price: it counts as the dearest; claude.prices can tell it", actual))
	}
	return texts
}

// tariff is the price table with the settings' own prices over it.
type tariff map[string]Price

// name says which of two models an answer is priced as: the one that answered, or the one that was asked when the
// other's name is only a longer one, or is not known.
func (t tariff) name(asked, answered string) string {
	_, own := t[answered]
	_, known := lookUp(answered)
	_, priced := t[asked]
	longer := priced && strings.HasPrefix(answered, asked)
	if own || known && !longer {
		return answered
	}
	return asked
}

// of is the price of a prompt of so many tokens.
func (t tariff) of(name string, prompt int64) Price {
	if own, ok := t[name]; ok {
		if own.CacheWrite == 0 {
			own.CacheWrite = 1.25 * own.Input
		}
		if own.CacheRead == 0 {
			own.CacheRead = own.Input / 10
		}
		return own
	}
	m, _ := lookUp(name)
	if m.longOver > 0 && prompt > m.longOver {
		return m.long
	}
	return m.price
}

// cost is what a call cost, in micro-dollars, rounded up: a dollar per million tokens is a micro-dollar a token.
func (t tariff) cost(name string, u hls.Usage) int64 {
	p := t.of(name, u.InputTokens+u.CacheReadTokens+u.CacheWriteTokens)
	return micro(p.Input*float64(u.InputTokens) + p.Output*float64(u.OutputTokens) +
		p.CacheWrite*float64(u.CacheWriteTokens) + p.CacheRead*float64(u.CacheReadTokens))
}

// ceiling is the most that a prompt and an answer of so many tokens can cost: the whole prompt written to the cache.
func (t tariff) ceiling(name string, prompt, answer int64) int64 {
	p := t.of(name, prompt)
	return micro(max(p.Input, p.CacheWrite)*float64(prompt) + p.Output*float64(answer))
}

func micro(sum float64) int64 { return int64(math.Ceil(sum)) }
