package config

import "strings"

// suggest names the known key that was probably meant: the nearest of the same section, or the same key elsewhere.
func suggest(name, section string, fields []field) string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	if near := nearest(name, names); near != "" {
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

// nearest is the candidate that takes the fewest edits to reach, or "" when all are too far to be a slip.
func nearest(name string, candidates []string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	best, fewest := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < fewest {
			best, fewest = c, d
		}
	}
	return best
}

// distance is Levenshtein's: how many letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
