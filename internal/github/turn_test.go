package github

import (
	"context"
	"errors"
	"testing"
	"time"

	"hls/internal/hls"
)

// limitedToOne is a client that may make one write a minute, at a server that takes labels.
func limitedToOne(t *testing.T) (*Client, *server) {
	t.Helper()
	s := serve(t, routes{"POST /repos/acme/widget/issues/7/labels": answer(200, `[]`)})
	return dial(t, s, func(c *Config) { c.Limits.WritesPerMinute = new(1) }), s
}

// soon is a context that ends before the limits let another write start.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// A turn is good for one write, which waits no more.
func TestE9_ATurnIsOneWrite(t *testing.T) {
	t.Parallel()
	c, s := limitedToOne(t)
	turn, err := c.Turn(t.Context(), widget.Repo, false)
	if err != nil || turn.Waited {
		t.Fatal(turn, err)
	}
	ctx := turn.Take(soon(t))
	if err := c.AddLabels(ctx, widget, []string{"bug"}); err != nil {
		t.Errorf("the first: %v", err)
	}
	if err := c.AddLabels(ctx, widget, []string{"bug"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second: %v", err)
	}
	turn.End()
	if _, err := c.Turn(soon(t), widget.Repo, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another turn: %v", err)
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// A turn that nothing was written in is another's.
func TestE9_AnUnusedTurnGoesBack(t *testing.T) {
	t.Parallel()
	c, _ := limitedToOne(t)
	for range 3 {
		turn, err := c.Turn(soon(t), widget.Repo, true)
		if err != nil {
			t.Fatal(err)
		}
		turn.End()
		turn.End()
	}
	if err := c.AddLabels(soon(t), widget, []string{"bug"}); err != nil {
		t.Error(err)
	}
}

// Who waits for a turn learns that the wait was long.
func TestE6_ALongWaitForATurnIsTold(t *testing.T) {
	t.Parallel()
	c, _ := limitedToOne(t)
	d := c.tokenDoor(hls.Secret(testToken))
	d.pause(t.Context(), "", outdated+100*time.Millisecond)
	turn, err := c.Turn(t.Context(), widget.Repo, false)
	if err != nil || !turn.Waited {
		t.Errorf("%+v, %v", turn.Waited, err)
	}
}

// A pause that begins after the turn came holds the write up no more: it goes back, unsent.
func TestE9_APauseAfterTheTurnIsARetry(t *testing.T) {
	t.Parallel()
	c, s := limitedToOne(t)
	turn, err := c.Turn(t.Context(), widget.Repo, false)
	if err != nil {
		t.Fatal(err)
	}
	defer turn.End()
	c.tokenDoor(hls.Secret(testToken)).pause(t.Context(), "", time.Minute)
	err = c.AddLabels(turn.Take(soon(t)), widget, []string{"bug"})
	var retry *hls.RetryAfter
	if !errors.As(err, &retry) || !retry.Free || errors.Is(err, hls.ErrAmbiguous) || len(s.seen()) > 0 {
		t.Errorf("got %v, %d requests", err, len(s.seen()))
	}
}
