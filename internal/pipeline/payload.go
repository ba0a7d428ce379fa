package pipeline

import (
	"context"
	"fmt"
	"sync"

	"hls/internal/hls"
)

// smallPayload is what nearly every delivery stays below. A larger one takes memory in proportion, and its templates
// many times as much: it is used by one task at a time.
const smallPayload = 256 << 10

// open reads a delivery for use, which must not keep its body. A task holds the payload only while it reads it: the
// waits for GitHub and for Claude are long.
func (p *Pipeline) open(ctx context.Context, task hls.Task, use func(hls.Delivery) error) error {
	select {
	case p.payload <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	next := sync.OnceFunc(func() { <-p.payload })
	defer next()
	delivery, err := p.store.Delivery(ctx, task.DeliveryID)
	if err != nil {
		return fmt.Errorf("read delivery: %w", err)
	}
	if len(delivery.Body) <= smallPayload {
		next()
	}
	return use(delivery)
}
