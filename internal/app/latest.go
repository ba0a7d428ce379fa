package app

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"hls/internal/claude"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/record"
)

// latest is what a server told last, whichever instance it told.
type latest[V any] struct {
	name  string // of the note that the instances keep it in
	store record.Store
	own   func() (told V, at time.Time) // what this one was told

	mu    sync.Mutex
	known told[V] // by the note
}

// told is what a server told at a time.
type told[V any] struct {
	At   time.Time
	Told V
}

// keep writes what this instance was told where that is newer than what others were, and else learns from them.
func (l *latest[V]) keep(ctx context.Context) error {
	value, at := l.own()
	var noted told[V]
	text, err := l.store.Noted(ctx, l.name)
	if err == nil {
		err = json.Unmarshal(text, &noted)
	}
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return err
	}
	if at.After(noted.At) {
		noted = told[V]{at, value}
		if text, err = json.Marshal(noted); err == nil {
			err = l.store.Note(ctx, l.name, text)
		}
		if err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = noted
	return nil
}

// get is the newest that is known.
func (l *latest[V]) get() V {
	value, at := l.own()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known.At.After(at) {
		return l.known.Told
	}
	return value
}

// hubLimits and modelLimits are what GitHub and Claude tell of their limits.
type (
	hubLimits struct {
		Limit     int   `json:"limit"`
		Remaining int   `json:"remaining"`
		Reset     int64 `json:"reset"`
	}
	modelLimits struct {
		Requests     claude.Limit `json:"requests"`
		InputTokens  claude.Limit `json:"input_tokens"`
		OutputTokens claude.Limit `json:"output_tokens"`
	}
)

func ofGitHub(c *github.Client) func() (hubLimits, time.Time) {
	return func() (hubLimits, time.Time) {
		s := c.Snapshot()
		return hubLimits{s.Limit, s.Remaining, unix(s.Reset)}, s.LimitsAt
	}
}

func ofClaude(c *claude.Client) func() (modelLimits, time.Time) {
	return func() (modelLimits, time.Time) {
		s := c.Snapshot()
		return modelLimits{s.Requests, s.InputTokens, s.OutputTokens}, s.LimitsAt
	}
}
