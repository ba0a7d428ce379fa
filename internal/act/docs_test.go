package act_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"hls/internal/hls"
)

// The table of docs/effects.md has a row for each kind of the closed set, in its order, and for no other.
func TestE1_TheDocumentedSetIsTheClosedSet(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/effects.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []hls.EffectKind
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| .* \\| .* \\|$").FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, hls.EffectKind(row[1]))
	}
	if all := slices.Concat(hls.EffectKinds(), hls.UndoKinds()); !slices.Equal(rows, all) {
		t.Errorf("the page has %v, the code %v", rows, all)
	}
}
