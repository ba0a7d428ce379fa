package handler

import (
	"fmt"
	"maps"
	"slices"

	"hls/internal/hls"
)

type size struct {
	word string
	most int
}

// sizes are the steps of size labels, by changed lines that a person wrote: the first that is large enough counts.
var sizes = []size{{"xs", 9}, {"s", 29}, {"m", 99}, {"l", 499}, {"xl", 999}, {"xxl", 1 << 62}}

// sizeLabel proposes the allowed label for a change's size. It is counted, not guessed, so it is certain.
func sizeLabel(l *labeler, files []hls.File) []proposal {
	lines := 0
	for _, f := range files {
		if why := leftOut(f, nil); why == "" || why == "too_large" {
			lines += f.Additions + f.Deletions
		}
	}
	names := l.sizeNames()
	step := slices.IndexFunc(sizes, func(s size) bool { return lines <= s.most })
	for ; step >= 0; step-- { // a set without the largest steps ends with its own largest
		if name, ok := names[sizes[step].word]; ok {
			why := fmt.Sprintf("%d changed lines, without generated ones", lines)
			return []proposal{{name: name, confidence: 1, proven: true, why: why}}
		}
	}
	return nil
}

// sizeNames are the allowed size labels, such as size/XL and size-m, by their step.
func (l *labeler) sizeNames() map[string]string {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.allowed)) {
		words := nameWords(name)
		if len(words) == 2 && words[0] == "size" {
			names[words[1]] = l.allowed[name].Name
		}
	}
	return names
}
