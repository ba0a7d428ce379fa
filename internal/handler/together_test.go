package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestTogetherReadsAtTheSameTime: each read waits for the other one.
func TestTogetherReadsAtTheSameTime(t *testing.T) {
	t.Parallel()
	there, back := make(chan int), make(chan int)
	err := together(t.Context(), func(context.Context) error {
		there <- 1
		<-back
		return nil
	}, func(context.Context) error {
		<-there
		back <- 1
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTogetherEndsWithTheFirstError: what fails ends the others, and is what is told.
func TestTogetherEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	err := together(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}, func(context.Context) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
}

// TestO1_APanicOfAReadIsTheCallers: a read that panics does not end the process; its task is parked as for any panic.
func TestO1_APanicOfAReadIsTheCallers(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "oops") || !strings.Contains(p, "together_test.go") {
			t.Errorf("it panicked with %s", p)
		}
	}()
	_ = together(t.Context(), func(context.Context) error { panic("oops") }, func(context.Context) error { return nil })
	t.Error("it went on")
}
