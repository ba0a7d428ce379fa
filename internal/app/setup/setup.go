// Package setup makes settings for who has none: from a few answers, with the secrets in a file of their own, and with a
// GitHub App where one is wanted.
package setup

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"hls/internal/config"
	"hls/internal/hls"
)

// The variables that the settings name.
const (
	TokenVariable    = "GITHUB_TOKEN" //nolint:gosec // The name of a variable is no secret.
	SecretVariable   = "GITHUB_WEBHOOK_SECRET"
	KeyVariable      = "ANTHROPIC_API_KEY"
	AdminVariable    = "HLS_ADMIN_TOKEN"
	DatabaseVariable = "HLS_DATABASE_URL"
)

// Answers are what settings are made from.
type Answers struct {
	Repositories []string // owner/repo, or owner/*
	Mode         string   // shadow, suggest or apply
	Storage      string   // sqlite:PATH or postgres://…
	PublicURL    string   // where GitHub reaches HLS; "" leaves it open
	GitHubURL    string   // of the API; "" is github.com's
	TokenEnv     string   // the variable of the token
	App          *App     // signs in as one in place of the token
}

// App is how the settings name a GitHub App.
type App struct {
	ID      int64
	KeyFile string
}

// Events are those that the settings enable.
func Events() []string { return []string{"issues", "issue_comment", "pull_request"} }

// ErrAnswer marks an answer that cannot be used.
var ErrAnswer = errors.New("it cannot be used")

var (
	repository = regexp.MustCompile(`^[A-Za-z0-9_-]+/(\*|[A-Za-z0-9._-]+)$`)
	variable   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// Check tells what is wrong with the answers.
func (a Answers) Check() error {
	wrong := func(what, want string) error { return fmt.Errorf("%w: %s: want %s", ErrAnswer, what, want) }
	if len(a.Repositories) == 0 {
		return wrong("--repo", "a repository, as owner/repo")
	}
	for _, name := range a.Repositories {
		if !repository.MatchString(name) {
			return wrong("--repo "+name, "owner/repo, or owner/* for all of an owner")
		}
	}
	if mode := hls.Mode(a.Mode); mode != hls.ModeShadow && mode != hls.ModeSuggest && mode != hls.ModeApply {
		return wrong("--mode", "shadow, suggest or apply")
	}
	if !variable.MatchString(a.TokenEnv) {
		return wrong("--token-env", "the name of a variable, as "+TokenVariable)
	}
	if !a.storable() {
		return wrong("--storage", "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, where %25 is % and %27 is a quote")
	}
	for flag, text := range map[string]string{"--public-url": a.PublicURL, "--github-url": a.GitHubURL} {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
			return wrong(flag, "an address such as https://hls.example.com")
		}
	}
	return nil
}

// storable tells whether the address of the database can be one.
func (a Answers) storable() bool {
	server := strings.HasPrefix(a.Storage, "postgres://") || strings.HasPrefix(a.Storage, "postgresql://")
	_, err := url.Parse(a.Storage)
	return !a.secretStorage() || server && err == nil && !strings.Contains(a.Storage, "'")
}

// secretStorage tells whether the address of the database is one. That of a server is: its password can stand in several
// places, and be a wrong one now and a right one later.
func (a Answers) secretStorage() bool { return !strings.HasPrefix(a.Storage, "sqlite:") }

//go:embed settings.yaml.tmpl
var settings string

// Text is the settings file.
func (a Answers) Text() (string, error) {
	t, err := template.New("settings").Funcs(template.FuncMap{"quote": strconv.Quote, "ref": reference}).Parse(settings)
	if err != nil {
		return "", err
	}
	storage := a.Storage
	if a.secretStorage() {
		storage = reference(DatabaseVariable)
	}
	var out strings.Builder
	err = t.Execute(&out, map[string]any{
		"A": a, "Storage": storage, "Events": strings.Join(Events(), ", "),
		"Token": a.TokenEnv, "Secret": SecretVariable, "Key": KeyVariable, "Admin": AdminVariable,
	})
	return out.String(), err
}

func reference(name string) string { return "${" + name + "}" }

// Random is a secret that nobody can guess.
func Random() (hls.Secret, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make secret: %w", err)
	}
	return hls.Secret(hex.EncodeToString(raw)), nil
}

// Plan is where the files go, and what is in them.
type Plan struct {
	Answers Answers
	Path    string                // of the settings
	Secrets map[string]hls.Secret // by variable
	Key     hls.Secret            // of the App; "" without one
	Force   bool                  // puts new settings in the place of old ones
}

// EnvPath is the file of the secrets.
func (p Plan) EnvPath() string { return filepath.Join(filepath.Dir(p.Path), config.EnvFile) }

// KeyPath is the file of the App's private key.
func (p Plan) KeyPath() string { return filepath.Join(filepath.Dir(p.Path), "app.private-key.pem") }

// Free tells whether the files may be written. What is there is someone's, and stays unless Force is set.
func (p Plan) Free() error {
	paths := []string{p.Path}
	if p.Answers.App != nil {
		paths = append(paths, p.KeyPath())
	}
	for _, path := range paths {
		if _, err := os.Lstat(path); !p.Force && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s is there already; --force puts another in its place, --out names another file", ErrAnswer, path)
		}
	}
	return nil
}

// Write makes the files, each readable by its owner alone.
func (p Plan) Write() error { return p.put(config.WriteEnv, config.WritePrivate) }

// Try tells whether Write can be done: it makes the files of what is known so far, and takes them away again.
func (p Plan) Try() error { return p.put(config.TryEnv, config.TryPrivate) }

func (p Plan) put(env func(string, map[string]string) error, file func(path, text string) error) error {
	text, err := p.Answers.Text()
	if err != nil {
		return fmt.Errorf("make settings: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o750); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if p.Answers.App != nil {
		if err := file(p.KeyPath(), p.Key.Reveal()); err != nil {
			return err
		}
	}
	if err := env(p.EnvPath(), p.values()); err != nil {
		return err
	}
	return file(p.Path, text)
}

// values are what the file of the secrets is given.
func (p Plan) values() map[string]string {
	values := map[string]string{}
	for name, secret := range p.Secrets {
		values[name] = secret.Reveal()
	}
	if p.Answers.secretStorage() {
		values[DatabaseVariable] = p.Answers.Storage
	}
	return values
}

// Overridden names the variables that have another value, where the service looks them up, than the plan gives them.
func (p Plan) Overridden(lookup func(string) (string, bool)) []string {
	names := []string{}
	for name, value := range p.values() {
		if found, _ := lookup(name); found != value {
			names = append(names, name)
		}
	}
	// An address of a database stands above the settings, too, that name a file.
	if found, _ := lookup(DatabaseVariable); !p.Answers.secretStorage() && found != "" && found != p.Answers.Storage {
		names = append(names, DatabaseVariable)
	}
	slices.Sort(names)
	return names
}
