package main

import (
	"context"

	"hls/internal/prompt"
)

func tokens(context.Context, options) error {
	_ = prompt.Config{}
	return nil
}
