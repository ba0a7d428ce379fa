// Package config reads settings.yaml strictly and composes the rooms' own Config structs.
//
// A file is parsed within limits (tree.go), its variables are expanded (expand.go), and it is bound to Settings by
// the yaml tags (bind.go, scalar.go). Whatever is wrong is reported at once, each problem with its line and key.
// schema.json and docs/configuration.md are made from the same structs, by this package's tests run with -update.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// DefaultPath is where the settings are looked for when neither --config nor HLS_CONFIG says otherwise.
const DefaultPath = "config/settings.yaml"

// Need says which secrets a command cannot do without. Of the others, the variables may be unset.
type Need uint8

// What commands need, to be combined with |. The zero value is everything, as hls serve needs it.
const (
	NeedAll     Need = 0
	NeedNothing Need = 1 << iota
	NeedWebhooks
	NeedGitHub
	NeedClaude
	NeedStorage
)

func (n Need) has(one Need) bool { return n == NeedAll || n&one != 0 }

// wants tells whether an unset variable at a key is a problem.
func (n Need) wants(key string) bool {
	last := key[strings.LastIndexByte(key, '.')+1:]
	last, _, _ = strings.Cut(last, "[")
	switch {
	case last == "webhook_secret", last == "admin_token", last == "viewer_token":
		return n.has(NeedWebhooks)
	case key == "storage.url":
		return n.has(NeedStorage)
	case key == "claude.api_key", strings.HasPrefix(key, "claude.bedrock."), strings.HasPrefix(key, "claude.vertex."):
		return n.has(NeedClaude)
	case last == "token", strings.HasPrefix(key, "github.app."):
		return n.has(NeedGitHub)
	default:
		return true
	}
}

// Options say how to load; the zero value is right for the service.
type Options struct {
	Env      func(string) (string, bool) // when nil, the environment, and then the file .env beside the settings
	Need     Need
	Optional bool // without a file, go on with the defaults and the usual environment variables
}

// withoutFile stands in for a missing file where Options.Optional allows that.
const withoutFile = `
github: {base_url: "${GITHUB_API_URL:-https://api.github.com}", token: "${GITHUB_TOKEN:-}", webhook_secret: "${GITHUB_WEBHOOK_SECRET:-}"}
claude: {api_key: "${ANTHROPIC_API_KEY:-}"}
`

// Load reads the settings at path. What is wrong with them comes as *Problems.
func Load(path string, o Options) (*Settings, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if o.Optional {
			return Parse(path, []byte(withoutFile), o)
		}
		return nil, &Problems{List: []Problem{{File: path, Message: "there is no such file; hls init makes one, or name another with --config"}}}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	if o.Env == nil {
		if o.Env, err = Surroundings(path); err != nil {
			return nil, unreadable(filepath.Join(filepath.Dir(path), EnvFile), err)
		}
	}
	return Parse(path, data, o)
}

// unreadable makes Problems of an error of reading a file.
func unreadable(path string, err error) error {
	var problems *Problems
	if errors.As(err, &problems) {
		return problems
	}
	return &Problems{List: []Problem{{File: path, Message: fmt.Sprintf("cannot be read: %v", err)}}}
}

// readFile reads a file, and no more of it than tells that it is too large.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Parse reads settings from data; path only names them in problems.
func Parse(path string, data []byte, o Options) (*Settings, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	problems := &Problems{}
	b := &binder{tree: parse(data, o.Env, problems), need: o.Need}
	s := Default()
	if b.root != nil && !b.full {
		b.bind(b.root, reflect.ValueOf(s).Elem(), "")
		b.above = s.override(o.Env)
		b.check(s)
	}
	if err := problems.finish(path, b.redactor()); err != nil {
		return nil, err
	}
	s.Claude.Analyze.SubjectDaily = s.Processing.AnalysesPerSubjectPerDay
	s.file, s.tree, s.above = path, b.tree, b.above
	return s, nil
}

// override takes over the variables that stand above, or behind, the file, and tells which keys they gave.
func (s *Settings) override(env func(string) (string, bool)) map[string]string {
	gave := map[string]string{}
	if url, _ := env("HLS_DATABASE_URL"); url != "" {
		s.Storage.URL, gave["storage.url"] = url, "HLS_DATABASE_URL"
	}
	if url, _ := env("ANTHROPIC_BASE_URL"); url != "" && s.Claude.BaseURL == "" && s.Claude.Provider == "anthropic" {
		s.Claude.BaseURL, gave["claude.base_url"] = url, "ANTHROPIC_BASE_URL"
	}
	return gave
}

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema of the settings file, for editors.
func Schema() []byte { return schema }
