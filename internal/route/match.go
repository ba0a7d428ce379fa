package route

import (
	"errors"
	"path"
	"regexp"
	"strings"

	"hls/internal/hls"
)

// globs are compiled patterns that are held against names without regard to the case of ASCII letters. GitHub's
// names fold so; Unicode's other foldings would let one name pass for another.
type globs []string

// newGlob returns a pattern in which only * and ? are special: names of bots have brackets.
func newGlob(pattern string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(hls.Fold(pattern))
}

func newGlobs(patterns []string) globs {
	out := make(globs, 0, len(patterns))
	for _, p := range patterns {
		out = append(out, newGlob(p))
	}
	return out
}

func (g globs) match(name string) bool {
	name = hls.Fold(name)
	for _, pattern := range g {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`)
	globPattern = regexp.MustCompile(`^[A-Za-z0-9_*?\[\]^\\-]+/[A-Za-z0-9._*?\[\]^\\-]+$`)
	errName     = errors.New("want owner/repo, or a glob such as owner/*")
	errGlob     = errors.New("the glob is malformed")
)

// checkName tells whether name is a repository or a glob of repositories.
func checkName(name string) error {
	if !hls.IsGlob(name) {
		if !namePattern.MatchString(name) || strings.HasSuffix(name, "/.") || strings.HasSuffix(name, "/..") {
			return errName
		}
		return nil
	}
	if !globPattern.MatchString(name) {
		return errName
	}
	if _, err := path.Match(name, ""); err != nil {
		return errGlob
	}
	return nil
}
