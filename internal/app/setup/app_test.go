package setup

import (
	"context"
	"errors"
	"testing"

	"hls/internal/github"
)

// What ends the waiting takes no App along that is made already: GitHub shows its secrets once.
func TestAnAppThatIsMadeIsKept(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		r := &Registration{made: make(chan outcome, 1)}
		r.made <- outcome{app: github.MadeApp{ID: 5}}
		if app, err := r.Wait(ctx); err != nil || app.ID != 5 {
			t.Fatalf("%d, %v", app.ID, err)
		}
		if _, err := r.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}
