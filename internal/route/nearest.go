package route

import (
	"fmt"

	"hls/internal/hls"
)

// didYouMean names the nearest of the known words, or nothing when none is near.
func didYouMean(word string, known []string) string {
	if near := hls.Nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
