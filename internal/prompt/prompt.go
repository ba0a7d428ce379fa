// Package prompt turns templates and what is known of an event into the text that goes to Claude. It is the only room
// that knows the template engine.
//
// A prompt has two parts. System says what to do; it is made from the repository and its rule alone, so that it is
// the same text for every event of a repository and can be cached. User holds the event's text, between fences whose
// boundary carries a random number made for this one call: text cannot forge what it cannot know.
package prompt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"hls/internal/hls"
)

// Config says where templates come from.
type Config struct {
	// BaseDir is a folder of templates. A file there replaces the built-in one of the same path; "" means none.
	BaseDir string `yaml:"base_dir"`
	// Defaults name the template for a group and a step (or an action), such as issues: {analyze: mine/triage.j2}.
	Defaults map[string]map[string]string `yaml:"defaults"`
	// Reload reads the templates again when a file in BaseDir changes.
	Reload bool `yaml:"reload"`

	// Over are templates by their path that stand before all others.
	Over map[string]string `yaml:"-"`
	// Folders are the templates, by their path, of the folders that are named here and in rules. Unless it is nil no folder is
	// read.
	Folders map[string]map[string]string `yaml:"-"`
}

// Input is what a prompt is made from.
type Input struct {
	Event    hls.Event
	Facts    hls.Facts
	Rule     hls.Rule
	Question hls.Question
	Now      time.Time
}

// maxPrompt is how many bytes of event text are sent at most, as the model is shown them. No token has less than one
// byte, so text of any kind fits a window of 200,000 tokens together with the instructions and the answer. The parts of
// a prompt have limits of their own, which leave the built-in templates below it.
const maxPrompt = 180_000

// Renderer renders prompts. It is safe for concurrent use.
type Renderer struct {
	cfg      Config
	builtin  fs.FS
	redactor *hls.Redactor
	random   io.Reader // of fences
	stand    string    // stands for a call's fence while a template renders, and is as long

	stable *lru.Cache[stablePart, string] // without secrets

	mu   sync.RWMutex
	sets map[string]*set // by the rule's own folder, "" for rules without one
}

// New reads and parses the templates of builtin and of cfg.BaseDir. The redactor may be nil; a nil random means
// crypto/rand.
func New(cfg Config, builtin fs.FS, redactor *hls.Redactor, random io.Reader) (*Renderer, error) {
	r := newRenderer(cfg, builtin)
	r.redactor = redactor
	if random != nil {
		r.random = random
	}
	base, err := r.load("")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	r.sets[""] = base
	return r, nil
}

func newRenderer(cfg Config, builtin fs.FS) *Renderer {
	stand := (rand.Text() + rand.Text())[:2*nonceBytes]
	stable, _ := lru.New[stablePart, string](mostStable) // It fails for sizes below one.
	return &Renderer{cfg: cfg, builtin: builtin, random: rand.Reader, stable: stable, sets: map[string]*set{}, stand: stand}
}

// Reload reads all templates again. When a new version is broken, the error names file and line, and the old set
// stays in force.
func (r *Renderer) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := map[string]*set{}
	for dir := range r.sets {
		s, err := r.load(dir)
		if err != nil {
			return fmt.Errorf("read templates: %w", err)
		}
		fresh[dir] = s
	}
	r.sets = fresh
	return nil
}

// Render makes the prompt for one question.
func (r *Renderer) Render(ctx context.Context, in Input) (hls.Prompt, error) {
	s, err := r.set(in.Rule.Prompts.Dir)
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("read templates: %w", err)
	}
	system, err := s.system(in.Question.Group)
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("find template: %w", err)
	}
	user, err := s.lookup(in, r.cfg.Defaults)
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("find template: %w", err)
	}
	stable, err := s.render(ctx, system, stableValues(in))
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("render %s: %w", system, err)
	}
	values, hidden, err := eventValues(in)
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("build context: %w", err)
	}
	text, err := s.renderEvent(ctx, user, values)
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("render %s: %w", user, err)
	}
	clean, masked := r.redactor.Mask(hls.Visible(text))
	fenced, err := r.fence(r.bounded(clean, maxPrompt), notes(hidden, masked))
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("fence %s: %w", user, err)
	}
	return hls.Prompt{
		System: r.cleanStable(stable), User: fenced,
		Template: user, Hash: s.hash(system, user), Schema: in.Question.Schema, Masked: masked, Hidden: hidden,
	}, nil
}

// mostStable is how many stable parts are remembered without their secrets.
const mostStable = 128

// stablePart is a rendered stable part, and how many secrets were known when it was looked at.
type stablePart struct {
	text       string
	generation int
}

// cleanStable takes secrets out of a stable part. It is the same for most events of a repository, and long.
func (r *Renderer) cleanStable(text string) string {
	key := stablePart{text, r.redactor.Generation()}
	if clean, ok := r.stable.Get(key); ok {
		return clean
	}
	clean := r.redactor.Redact(text)
	r.stable.Add(key, clean)
	return clean
}

// set is the templates for a rule's folder. One that was not seen before is read now.
func (r *Renderer) set(dir string) (*set, error) {
	r.mu.RLock()
	s, ok := r.sets[dir]
	r.mu.RUnlock()
	if ok {
		return s, nil
	}
	s, err := r.load(dir)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sets[dir] = s
	return s, nil
}

// load reads and parses the templates for a rule's folder, which comes before BaseDir and the built-in ones.
func (r *Renderer) load(dir string) (*set, error) {
	s, problems := r.read(dir)
	var errs []error
	for _, p := range problems {
		errs = append(errs, errors.New(p.String()))
	}
	return s, errors.Join(errs...)
}

// read is load with its problems one by one. The set lacks what could not be read.
func (r *Renderer) read(dir string) (*set, []Problem) {
	var sources []source
	var problems []Problem
	if len(r.cfg.Over) > 0 {
		sources = append(sources, source{dir: overDir, files: r.cfg.Over})
	}
	for i, folder := range []string{dir, r.cfg.BaseDir} {
		if folder == "" {
			continue
		}
		found, unread, err := r.folder(folder)
		if err != nil {
			problems = append(problems, Problem{Key: baseDir, own: i == 0, Message: err.Error()})
			continue
		}
		sources, problems = append(sources, found), append(problems, unread...)
	}
	found, unread := readSource("", r.builtin)
	problems = append(problems, unread...)
	s, err := newSet(append(sources, found), r.stand, nil)
	if err != nil {
		return nil, append(problems, Problem{File: builtinDir, Line: 1, Column: 1, Message: err.Error()})
	}
	return s, append(problems, s.parse()...)
}
