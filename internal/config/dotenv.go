package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// EnvFile is the name of a file beside the settings. It gives the variables that the environment does not have, so that
// secrets stand neither in the settings nor in anybody's shell history.
const EnvFile = ".env"

// Surroundings look a variable up as settings at a path do: in the environment, and then in the file beside them.
func Surroundings(settings string) (func(string) (string, bool), error) {
	path := filepath.Join(filepath.Dir(settings), EnvFile)
	own, err := ReadEnv(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return func(name string) (string, bool) {
		if value, set := os.LookupEnv(name); set {
			return value, true
		}
		value, set := own[name]
		return value, set
	}, nil
}

var assignment = regexp.MustCompile(`^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)

// ReadEnv reads a file of variables: a line NAME=VALUE each, the value bare or in quotes, remarks after #. Nothing in it
// is expanded. What is wrong with it comes as *Problems, which tell no value.
func ReadEnv(path string) (map[string]string, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for n, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		value, ok := "", false
		parts := assignment.FindStringSubmatch(line)
		if parts != nil {
			value, ok = unquoted(parts[2])
		}
		if !ok {
			return nil, &Problems{List: []Problem{{File: path, Line: n + 1, Message: "want NAME=VALUE, NAME='VALUE' or a remark after #"}}}
		}
		values[parts[1]] = value
	}
	return values, nil
}

// unquoted is a value without its quotes. A quote of its own kind cannot stand in one.
func unquoted(text string) (value string, ok bool) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return text, !strings.ContainsAny(text, `"'`)
	}
	inner := strings.TrimSuffix(text[1:], text[:1])
	return inner, len(inner) == len(text)-2 && !strings.Contains(inner, text[:1])
}

// WriteEnv writes variables to a file that its owner alone can read, in the order of their names. Those that stand in it
// already stay, unless they are given anew.
func WriteEnv(path string, values map[string]string) error {
	text, err := envText(path, values)
	if err != nil {
		return err
	}
	return WritePrivate(path, text)
}

// TryEnv fails where WriteEnv would, and leaves the file as it is.
func TryEnv(path string, values map[string]string) error {
	text, err := envText(path, values)
	if err != nil {
		return err
	}
	return TryPrivate(path, text)
}

// envText is what becomes of a file when variables are written to it.
func envText(path string, values map[string]string) (string, error) {
	known, err := ReadEnv(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	all := map[string]string{}
	maps.Copy(all, known)
	maps.Copy(all, values)
	var text strings.Builder
	text.WriteString("# Secrets of HLS. The settings beside this file name them as ${NAME}; the environment goes before.\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.ContainsAny(all[name], "'\n\r") {
			return "", fmt.Errorf("write %s: the value of %s has a quote or a line break in it", path, name)
		}
		fmt.Fprintf(&text, "%s='%s'\n", name, all[name])
	}
	return text.String(), nil
}

// WritePrivate puts a file in the place of another, for the owner alone: it is never there in part, or for others to read.
func WritePrivate(path, text string) error {
	return beside(path, text, func(made string) error { return os.Rename(made, path) })
}

// TryPrivate fails where WritePrivate would, as far as that can be known: it writes the text, and takes it away again.
func TryPrivate(path, text string) error {
	if at, err := os.Lstat(path); err == nil && at.IsDir() {
		return fmt.Errorf("write %s: it is a folder", path)
	}
	return beside(path, text, os.Remove)
}

// beside writes a file beside a path, and hands it to what it is for.
func beside(path, text string, use func(made string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with the mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = use(f.Name())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// EnvFile is the path of the file of variables beside the settings, whether or not there is one.
func (s *Settings) EnvFile() string { return filepath.Join(filepath.Dir(s.file), EnvFile) }
