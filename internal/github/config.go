package github

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hls/internal/breaker"
	"hls/internal/hls"
	"hls/internal/share"
)

// Defaults of the section github.
const (
	defaultBaseURL         = "https://api.github.com"
	defaultTimeout         = 30 * time.Second
	defaultWritesPerMinute = 60
	defaultContentPerHour  = 500
	defaultConcurrency     = 16
)

// Config is the section github of the settings.
type Config struct {
	// Root of GitHub's REST API; for GitHub Enterprise Server https://HOST/api/v3.
	BaseURL string `yaml:"base_url" default:"https://api.github.com"`
	// Personal access token, classic or fine-grained. Leave it out when app is set.
	Token hls.Secret `yaml:"token"`
	// Signs in as a GitHub App instead of with a token.
	App App `yaml:"app"`
	// The most that one request may take, its answer read to the end.
	Timeout time.Duration `yaml:"timeout" default:"30s"`
	// Keep HLS within what GitHub allows each token.
	Limits Limits `yaml:"limits"`
	// Breaker says when a GitHub that is out of order is left alone. The zero value has defaults.
	Breaker breaker.Config `yaml:"-"`
	// Redactor knows the secrets that must not be seen in logs of jobs; nil knows none.
	Redactor *hls.Redactor `yaml:"-"`
	// Shares keep the limits together with other instances; nil means that this process is alone.
	Shares share.Store `yaml:"-"`
	// Dial makes connections; nil means the machine's network.
	Dial dialer `yaml:"-"`
}

// App is how HLS signs in as a GitHub App.
type App struct {
	// Number of the App, from its settings page.
	ID int64 `yaml:"id"`
	// Private key of the App in PEM; line breaks may be written as \n.
	PrivateKey hls.Secret `yaml:"private_key"`
	// File that holds the private key in PEM.
	PrivateKeyFile string `yaml:"private_key_file"`
}

// Limits are counted for each token, and those of all instances on one database together but for Concurrency. Zero is no limit of ours, unset is the default.
type Limits struct {
	// Writes in any 60 seconds; 0 means no limit, for stand-ins and Enterprise Server.
	WritesPerMinute *int `yaml:"writes_per_minute" default:"60" jsonschema:"minimum=0"`
	// Comments, reviews and labels created in any hour; 0 means no limit.
	ContentPerHour *int `yaml:"content_per_hour" default:"500" jsonschema:"minimum=0"`
	// Requests of one instance under way at once; 0 means no limit.
	Concurrency *int `yaml:"concurrency" default:"16" jsonschema:"minimum=0"`
}

// settings is a Config with its defaults filled in and its URL parsed.
type settings struct {
	base        *url.URL // with a trailing slash
	timeout     time.Duration
	writes      int
	content     int
	concurrency int
}

func (c Config) settings() (settings, error) {
	raw := c.BaseURL
	if raw == "" {
		raw = defaultBaseURL
	}
	base, err := url.Parse(raw)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return settings{}, errors.New("base_url is not an http or https URL")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return settings{}, errors.New("base_url carries more than a host and a path")
	}
	base.Path = strings.TrimRight(base.Path, "/") + "/"
	s := settings{base: base, timeout: c.Timeout}
	if s.timeout == 0 {
		s.timeout = defaultTimeout
	}
	for _, l := range []struct {
		key   string
		value *int
		unset int
		into  *int
	}{
		{"writes_per_minute", c.Limits.WritesPerMinute, defaultWritesPerMinute, &s.writes},
		{"content_per_hour", c.Limits.ContentPerHour, defaultContentPerHour, &s.content},
		{"concurrency", c.Limits.Concurrency, defaultConcurrency, &s.concurrency},
	} {
		*l.into = l.unset
		if l.value != nil {
			*l.into = *l.value
		}
		if *l.into < 0 {
			return settings{}, fmt.Errorf("limits.%s is negative", l.key)
		}
	}
	if s.timeout < 0 {
		return settings{}, errors.New("timeout is negative")
	}
	return s, nil
}
