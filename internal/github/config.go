package github

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hls/internal/hls"
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
	// BaseURL is the root of GitHub's REST API; for GitHub Enterprise Server https://HOST/api/v3.
	BaseURL string `yaml:"base_url"`
	// Token is a personal access token, classic or fine-grained. Leave it out when App is set.
	Token hls.Secret `yaml:"token"`
	// App signs in as a GitHub App instead of with a token.
	App App `yaml:"app"`
	// Timeout bounds one request, its answer read to the end; 30s unless set.
	Timeout time.Duration `yaml:"timeout"`
	// Limits keep HLS within what GitHub allows a token.
	Limits Limits `yaml:"limits"`
}

// App is how HLS signs in as a GitHub App.
type App struct {
	// ID is the App's number, from its settings page.
	ID int64 `yaml:"id"`
	// PrivateKey is the App's key in PEM; line breaks may be written as \n.
	PrivateKey hls.Secret `yaml:"private_key"`
	// PrivateKeyFile names a file that holds the key in PEM.
	PrivateKeyFile string `yaml:"private_key_file"`
}

// Limits are counted for each token. Zero means no limit of ours, for stand-ins and Enterprise Server.
type Limits struct {
	// WritesPerMinute caps writes in any 60 seconds; 60 unless set.
	WritesPerMinute *int `yaml:"writes_per_minute"`
	// ContentPerHour caps comments, reviews and labels created in any hour; 500 unless set.
	ContentPerHour *int `yaml:"content_per_hour"`
	// Concurrency caps requests under way at once; 16 unless set.
	Concurrency *int `yaml:"concurrency"`
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
