package hls

import "strings"

// Fold is a name as GitHub compares it: without regard to the case of ASCII letters. Labels, logins and repositories
// fold so; Unicode's other foldings would let one name pass for another.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// IsGlob tells whether a repository's name in the settings may stand for several.
func IsGlob(name string) bool { return strings.ContainsAny(name, `*?[\`) }

// longestName is how many bytes of a name are looked at for what it was meant to be.
const longestName = 64

// Nearest is the known name that the fewest slips of the keyboard make of name, or "" when none is near.
func Nearest(name string, known []string) string {
	if len(name) > longestName {
		return ""
	}
	best, fewest := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(Fold(name), Fold(k)); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// distance is how many bytes must be put in, taken out or changed to make b of a (Levenshtein).
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
