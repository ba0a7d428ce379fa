package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// defense is one row of the table: lines of code that keep a promise, what takes them out, and the test that minds.
type defense struct {
	name    string
	promise string
	what    string // a sentence: what holds while the defense is there
	hunks   []hunk
	pkg     string // of the test, as a folder of the module
	test    string // with the names of subtests behind slashes, as go test prints them
}

// hunk is a change of one file. Both texts are whole lines.
type hunk struct {
	file    string
	find    string
	replace string
}

var (
	title    = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*) ([IESO][0-9])$`)
	testLine = regexp.MustCompile(`^test (\S+) (Test\S+)$`)
)

// read reads a table; its first lines say how it is written.
func read(r io.Reader) ([]defense, error) {
	var rows []defense
	names := map[string]bool{}
	in := bufio.NewScanner(r)
	var block []string
	end := func() error {
		if len(block) == 0 {
			return nil
		}
		d, err := row(block)
		switch {
		case err != nil:
			return fmt.Errorf("read %s: %w", block[0], err)
		case names[d.name]:
			return fmt.Errorf("read %s: there are two of that name", d.name)
		}
		names[d.name] = true
		rows, block = append(rows, d), nil
		return nil
	}
	for in.Scan() {
		switch line := in.Text(); {
		case line == "":
			if err := end(); err != nil {
				return nil, err
			}
		case line[0] != '#':
			block = append(block, line)
		}
	}
	return rows, errors.Join(in.Err(), end())
}

func row(lines []string) (defense, error) {
	head := title.FindStringSubmatch(lines[0])
	if head == nil || len(lines) < 2 {
		return defense{}, errors.New("want a name, a space and a promise, and a sentence below")
	}
	d := defense{name: head[1], promise: head[2], what: lines[1]}
	for _, line := range lines[2:] {
		if err := d.add(line); err != nil {
			return defense{}, fmt.Errorf("%q: %w", line, err)
		}
	}
	if d.test == "" || len(d.hunks) == 0 {
		return defense{}, errors.New("want a file, what to change in it, and a test")
	}
	for _, h := range d.hunks {
		if h.find == "" || h.find == h.replace {
			return defense{}, fmt.Errorf("nothing is changed in %s", h.file)
		}
	}
	return d, nil
}

func (d *defense) add(line string) error {
	if file, ok := strings.CutPrefix(line, "@ "); ok {
		d.hunks = append(d.hunks, hunk{file: path.Clean(file)})
		return nil
	}
	if found := testLine.FindStringSubmatch(line); found != nil {
		if d.test != "" {
			return errors.New("there is a test already")
		}
		d.pkg, d.test = path.Clean(found[1]), found[2]
		return nil
	}
	if len(d.hunks) == 0 || d.test != "" {
		return errors.New("it belongs to no file")
	}
	h := &d.hunks[len(d.hunks)-1]
	text := line[1:] + "\n"
	switch line[0] {
	case ' ':
		h.find += text
		h.replace += text
	case '-':
		h.find += text
	case '+':
		h.replace += text
	default:
		return errors.New("a line of a change begins with a space, - or +")
	}
	return nil
}

// apply makes the changes: the new texts of the files, by their paths below root.
func (d *defense) apply(root string) (map[string]string, error) {
	changed := map[string]string{}
	for _, h := range d.hunks {
		text, ok := changed[h.file]
		if !ok {
			whole, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file)))
			if err != nil {
				return nil, fmt.Errorf("take out %s: %w", d.name, err)
			}
			text = "\n" + string(whole) // so that a line's start is what follows a line's end
		}
		if n := strings.Count(text, "\n"+h.find); n != 1 {
			return nil, fmt.Errorf("take out %s: its lines stand %d times in %s, not once:\n%s", d.name, n, h.file, h.find)
		}
		changed[h.file] = strings.Replace(text, "\n"+h.find, "\n"+h.replace, 1)
	}
	for file, text := range changed {
		changed[file] = text[1:]
	}
	return changed, nil
}

// findRoot is the folder of go.mod, at or above the working directory.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find go.mod: it is in no folder above")
		}
		dir = filepath.Dir(dir)
	}
}
