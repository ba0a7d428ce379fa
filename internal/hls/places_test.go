package hls_test

import (
	"fmt"
	"testing"

	"hls/internal/hls"
)

// TestPlacesCountInOrder: of names and globs the first one counts, whichever it is.
func TestPlacesCountInOrder(t *testing.T) {
	var names hls.Places
	if place, found := names.First("acme/widgets"); found {
		t.Errorf("of none: %d", place)
	}
	for _, name := range []string{"Acme/Widgets", "acme/w*", "acme/wheel", "acme/*", "acme/widgets", "other/[a"} {
		names.Add(name)
	}
	for repository, want := range map[string]string{
		"acme/widgets": "0 true", "ACME/WIDGETS": "0 true", "acme/wheel": "1 true", "acme/gear": "3 true", "other/a": "0 false",
	} {
		place, found := names.First(repository)
		if got := fmt.Sprint(place, found); got != want {
			t.Errorf("%s: %s, want %s", repository, got, want)
		}
	}
}

func BenchmarkPlaces(b *testing.B) {
	for _, n := range []int{100, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var names hls.Places
			for i := range n {
				names.Add(fmt.Sprint("acme/", i))
			}
			for b.Loop() {
				names.First("acme/none")
			}
		})
	}
}
