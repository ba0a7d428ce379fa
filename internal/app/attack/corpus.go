package attack

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed corpus/*.txt
var files embed.FS

// Injection is a text that wants to steer a model.
type Injection struct {
	Name      string `json:"name"` // of its file
	Technique string `json:"technique"`
	Text      string `json:"-"`
}

// escaped is how the files write characters that a reader does not see.
var escaped = regexp.MustCompile(`\\u\{([0-9a-f]{1,6})\}`)

// Corpus reads the injections. A file has its technique in the first line, and after an empty one the text.
func Corpus() ([]Injection, error) {
	entries, err := files.ReadDir("corpus")
	if err != nil {
		return nil, fmt.Errorf("read corpus: %w", err)
	}
	var out []Injection
	for _, e := range entries {
		raw, err := files.ReadFile(path.Join("corpus", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		head, text, ok := strings.Cut(string(raw), "\n\n")
		technique, named := strings.CutPrefix(head, "technique: ")
		if !ok || !named {
			return nil, fmt.Errorf("read corpus: %s does not begin with its technique and an empty line", e.Name())
		}
		text = escaped.ReplaceAllStringFunc(strings.TrimSuffix(text, "\n"), func(s string) string {
			code, _ := strconv.ParseInt(s[3:len(s)-1], 16, 32)
			return string(rune(code))
		})
		out = append(out, Injection{Name: strings.TrimSuffix(e.Name(), ".txt"), Technique: technique, Text: text})
	}
	return out, nil
}
