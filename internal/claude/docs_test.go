package claude

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hls/internal/hls"
)

// The prices and the models of docs/models.md are those of the code.
func TestTheDocumentedModelsAreThoseAsked(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	for weight, name := range Unset() {
		if !strings.Contains(string(page), "| "+string(weight)+" | `"+name+"` |") {
			t.Errorf("the page does not say that %s work goes to %s", weight, name)
		}
	}
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(claude[a-z0-9-]+)`(.*?) \\| ([0-9.]+) \\| ([0-9.]+) \\| ([0-9.]+) \\| ([0-9.]+) \\|$").FindAllStringSubmatch(string(page), -1) {
		told = append(told, row[1])
		want, known := lookUp(row[1])
		price := want.price
		if strings.Contains(row[2], "longer") {
			price = want.long
		}
		for i, n := range []float64{price.Input, price.Output, price.CacheWrite, price.CacheRead} {
			if got, err := strconv.ParseFloat(row[3+i], 64); err != nil || !known || got != n {
				t.Errorf("%s%s: the page says %s, the code %v", row[1], row[2], row[3+i], n)
			}
		}
	}
	for _, name := range []string{Unset()[hls.Light], Unset()[hls.Heavy], opus} {
		if !slices.Contains(told, name) {
			t.Errorf("the page has no price of %s", name)
		}
	}
}
