package handler

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// together makes reads that need nothing of one another at the same time. When one fails, the others end, and its error
// is the answer; when one panics, so does the caller, as if it had made the reads one after the other. How many requests
// are under way at GitHub is the reader's to see to ("Best practices for using the REST API").
func together(ctx context.Context, reads ...func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	panics := make(chan string, len(reads))
	for _, read := range reads {
		all.Go(func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					panics <- fmt.Sprintf("%v, in\n%s", p, debug.Stack())
					err = errPanic
				}
			}()
			return read(ctx)
		})
	}
	err := all.Wait()
	select {
	case p := <-panics: // Whatever error came first.
		panic(p)
	default:
		return err
	}
}

var errPanic = errors.New("a read panicked")
