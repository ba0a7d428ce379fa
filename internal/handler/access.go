package handler

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// accessReader tells what people may do.
type accessReader interface {
	// Access is what an account may do in the subject's repository, hls.ErrNotFound where there is no such account.
	Access(ctx context.Context, s hls.Subject, login string) (hls.Access, error)
}

// errHidden says that the credential may not know what an account may do.
var errHidden = errors.New("who has write access cannot be seen")

// mayWrite tells whether an account has write access to the subject's repository now. The account is known by its number:
// a login that was taken anew is another's.
func mayWrite(ctx context.Context, read accessReader, s hls.Subject, who hls.Account) (bool, error) {
	access, err := read.Access(ctx, s, who.Login)
	var refused *hls.Permanent
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return false, nil
	case errors.As(err, &refused):
		return false, fmt.Errorf("%w: %w", errHidden, err)
	case err != nil:
		return false, fmt.Errorf("read access: %w", err)
	}
	return access.User.Same(who) && access.Writes(), nil
}
