package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"hls/internal/claude"
	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/prompts"
)

// Finding is something wrong with the settings or with what they name, or, as a warning, something to know of.
type Finding struct {
	config.Problem
	Warning bool
	Remedy  string // what to do about it; "" when the message tells
}

// refusal makes an error of the problems among findings, nil when there are none.
func refusal(findings []Finding) error {
	problems := &config.Problems{}
	for _, f := range findings {
		if !f.Warning {
			problems.List = append(problems.List, f.Problem)
		}
	}
	if len(problems.List) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrSettings, problems)
}

// warn logs the warnings among findings.
func (a *App) warn(findings []Finding) {
	for _, f := range findings {
		if f.Warning {
			a.log.Warn(f.Message, "key", f.Key, "place", f.Place())
		}
	}
}

// preflight finds what would keep a service with these settings from starting or working, without changing anything
// or asking anyone. New and Check share it. The address is not among it: whoever calls it listens.
func preflight(ctx context.Context, s *config.Settings, r *hls.Redactor) []Finding {
	p := &inspection{settings: s, redactor: r}
	p.examine(ctx, atStart)
	return p.findings
}

// warnings are those of the settings, and of who can read what they are given.
func (p *inspection) warnings(context.Context) {
	for _, w := range p.settings.Warnings() {
		p.findings = append(p.findings, Finding{Problem: w, Warning: true})
	}
	path := p.settings.EnvFile()
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		p.findings = append(p.findings, Finding{
			Problem: config.Problem{File: path, Message: "others on this machine can read the secrets in it"}, Warning: true, Remedy: "chmod 600 " + path,
		})
	}
}

func (p *inspection) storage(ctx context.Context) {
	url := p.settings.Storage.URL
	d, err := databaseOf(url)
	if err == nil {
		err = d.inspect(ctx, url)
	}
	if err != nil {
		p.problem("storage.url", "%s", strings.TrimPrefix(err.Error(), "storage.url: "))
	}
}

func (p *inspection) doorways(context.Context) {
	if _, err := github.New(p.settings.GitHub.Config, nil); err != nil {
		key := "github"
		if p.settings.GitHub.App != (github.App{}) {
			key = "github.app"
		}
		p.problem(key, "%v", err)
	}
	if _, err := claude.New(p.settings.Claude.Config); err != nil {
		p.problem("claude", "%v", err)
	}
}

func (p *inspection) certificate(context.Context) {
	files := p.settings.Server.TLS
	if files.CertFile == "" {
		return
	}
	_, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err == nil {
		return
	}
	key := "server.tls"
	var path *fs.PathError
	if errors.As(err, &path) {
		key = "server.tls.cert_file"
		if path.Path == files.KeyFile {
			key = "server.tls.key_file"
		}
	}
	p.problem(key, "%v", err)
}

func (p *inspection) logFile(context.Context) {
	if file := p.settings.Logging.File; file != "" {
		if err := appendable(file); err != nil {
			p.problem("logging.file", "%v", err)
		}
	}
}

// appendable tells why a file could not be opened to be appended to, and made first if need be.
func appendable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return writable(filepath.Dir(file))
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder", file)
	}
	return writable(file)
}

// writable tells why this process may not write to a file or folder. Unlike a try it leaves no trace.
func writable(path string) error {
	const w = 2 // W_OK of access(2)
	if err := syscall.Access(path, w); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// rooms looks at what a reload can change: the rules, and the templates of each.
func (p *inspection) rooms(ctx context.Context) {
	router, err := newRouter(p.settings)
	if err != nil {
		p.problem("repositories", "%v", err)
		return
	}
	var rules []hls.Rule
	for _, r := range p.settings.Repositories {
		if rule, ok := router.Rule(r.Name); ok {
			rules = append(rules, rule)
		}
	}
	for _, f := range prompt.Check(ctx, p.settings.Prompts, prompts.FS, rules...) {
		p.findings = append(p.findings, p.template(f))
	}
}

// template places a problem of a template in its file, or at the key of the settings that it is about.
func (p *inspection) template(f prompt.Problem) Finding {
	at := config.Problem{File: f.File, Line: f.Line, Col: f.Column}
	if f.Key != "" {
		key := f.Key
		for i, r := range p.settings.Repositories {
			if f.Rule != "" && r.Name == f.Rule {
				key = fmt.Sprintf("repositories[%d].%s", i, f.Key)
			}
		}
		at = p.settings.At(key, "")
	}
	at.Message = p.redactor.Redact(f.Message)
	return Finding{Problem: at, Warning: f.Warning}
}
