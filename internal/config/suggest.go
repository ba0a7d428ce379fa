package config

import (
	"strings"

	"hls/internal/hls"
)

// suggest names the known key that was probably meant: the nearest of the same section, or the same key elsewhere.
func suggest(name, section string, fields []field) string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	if near := hls.Nearest(name, names); near != "" {
		return didYouMean(near)
	}
	for _, key := range Keys() {
		if strings.HasSuffix("."+key.Path, "."+name) && !strings.HasPrefix(key.Path, "repositories[].") {
			return didYouMean(key.Path)
		}
	}
	if section == "" {
		return "; the sections are " + strings.Join(names, ", ")
	}
	return "; known here: " + strings.Join(names, ", ")
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}
