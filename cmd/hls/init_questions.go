package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"hls/internal/app/setup"
	"hls/internal/hls"
)

// questions are asked on a terminal for what the flags leave open.
type questions struct {
	in     *bufio.Reader
	out    io.Writer
	hidden func(context.Context) (string, error) // reads a line that is not shown
}

// hiddenLine reads a line from a terminal that does not show it.
func hiddenLine(in io.Reader) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		file, ok := in.(*os.File)
		if !ok {
			return "", errors.New("not a terminal")
		}
		fd := int(file.Fd()) //nolint:gosec // A descriptor is a small number.
		before, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		defer func() { _ = term.Restore(fd, before) }() // A reading that was given up hides what is typed.
		return awaited(ctx, func() (string, error) {
			text, err := term.ReadPassword(fd)
			return string(text), err
		})
	}
}

// awaited waits for an answer, or for the end of the context. A terminal cannot be told that nobody waits for its next
// line any more: the reading of it ends with the process.
func awaited(ctx context.Context, read func() (string, error)) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	given := make(chan answer, 1)
	go func() {
		text, err := read()
		given <- answer{text, err}
	}()
	select {
	case a := <-given:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ask fills in the answers, and the secrets that neither the environment nor the file of secrets has.
func (q *questions) ask(ctx context.Context, k *initCmd, secrets map[string]hls.Secret, known map[string]string) (err error) {
	if len(k.Repo) == 0 {
		text, err := q.line(ctx, "Repository to work for (owner/repo)", "")
		if err != nil {
			return err
		}
		k.Repo = strings.Fields(strings.ReplaceAll(text, ",", " "))
		if k.Mode, err = q.line(ctx, "Begin in the mode shadow, suggest or apply", k.Mode); err != nil {
			return err
		}
	}
	if k.PublicURL == "" {
		if k.PublicURL, err = q.line(ctx, "Where GitHub will reach HLS, as https://hls.example.com (empty: later)", ""); err != nil {
			return err
		}
	}
	wanted := []struct{ name, what string }{
		{k.TokenEnv, "GitHub token"}, {setup.KeyVariable, "Anthropic API key"},
	}
	for _, w := range wanted {
		if known[w.name] != "" || os.Getenv(w.name) != "" || w.name == k.TokenEnv && k.App {
			continue
		}
		text, err := q.secret(ctx, w.what+", which is not shown (empty: later, as "+w.name+")")
		if err != nil {
			return err
		}
		if text != "" {
			secrets[w.name] = hls.Secret(text)
		}
	}
	return nil
}

func (q *questions) line(ctx context.Context, question, unless string) (string, error) {
	if unless != "" {
		question += " [" + unless + "]"
	}
	fmt.Fprint(q.out, question+": ")
	text, err := awaited(ctx, func() (string, error) { return q.in.ReadString('\n') })
	if err != nil && (!errors.Is(err, io.EOF) || text == "") {
		fmt.Fprintln(q.out)
		return "", fmt.Errorf("read answer: %w", err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return unless, nil
	}
	return text, nil
}

func (q *questions) secret(ctx context.Context, question string) (string, error) {
	fmt.Fprint(q.out, question+": ")
	text, err := q.hidden(ctx)
	fmt.Fprintln(q.out)
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return strings.TrimSpace(text), nil
}
