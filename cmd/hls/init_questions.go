package main

import (
	"bufio"
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
	hidden func() (string, error) // reads a line that is not shown
}

// hiddenLine reads a line from a terminal that does not show it.
func hiddenLine(in io.Reader) func() (string, error) {
	return func() (string, error) {
		file, ok := in.(*os.File)
		if !ok {
			return "", errors.New("not a terminal")
		}
		text, err := term.ReadPassword(int(file.Fd())) //nolint:gosec // A descriptor is a small number.
		return string(text), err
	}
}

// ask fills in the answers, and the secrets that neither the environment nor the file of secrets has.
func (q *questions) ask(k *initCmd, secrets map[string]hls.Secret, known map[string]string) (err error) {
	if len(k.Repo) == 0 {
		text, err := q.line("Repository to work for (owner/repo)", "")
		if err != nil {
			return err
		}
		k.Repo = strings.Fields(strings.ReplaceAll(text, ",", " "))
		if k.Mode, err = q.line("Begin in the mode shadow, suggest or apply", k.Mode); err != nil {
			return err
		}
	}
	if k.PublicURL == "" {
		if k.PublicURL, err = q.line("Where GitHub will reach HLS, as https://hls.example.com (empty: later)", ""); err != nil {
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
		text, err := q.secret(w.what + ", which is not shown (empty: later, as " + w.name + ")")
		if err != nil {
			return err
		}
		if text != "" {
			secrets[w.name] = hls.Secret(text)
		}
	}
	return nil
}

func (q *questions) line(question, unless string) (string, error) {
	if unless != "" {
		question += " [" + unless + "]"
	}
	fmt.Fprint(q.out, question+": ")
	text, err := q.in.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || text == "") {
		return "", fmt.Errorf("read answer: %w", err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return unless, nil
	}
	return text, nil
}

func (q *questions) secret(question string) (string, error) {
	fmt.Fprint(q.out, question+": ")
	text, err := q.hidden()
	fmt.Fprintln(q.out)
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return strings.TrimSpace(text), nil
}
