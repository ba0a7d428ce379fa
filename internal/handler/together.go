package handler

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// together makes reads that need nothing of one another at the same time. When one fails, the others end, and its error
// is the answer; when one panics, so does the caller, as if it had made the reads one after the other. How many requests
// are under way at GitHub is the reader's to see to ("Best practices for using the REST API").
func together(ctx context.Context, reads ...func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, read := range reads {
		all.Go(func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = panicked(fmt.Sprintf("%v, in\n%s", p, debug.Stack()))
				}
			}()
			return read(ctx)
		})
	}
	err := all.Wait()
	if p, ok := err.(panicked); ok { //nolint:errorlint // It is what a read above ended with, and never wrapped.
		panic(string(p))
	}
	return err
}

// panicked is how a read that panicked ends.
type panicked string

func (p panicked) Error() string { return string(p) }
