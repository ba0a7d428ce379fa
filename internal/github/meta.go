package github

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"hls/internal/hls"
)

// HookNetworks are the networks that GitHub sends webhooks from ("REST API endpoints for meta data": hooks). They
// change from time to time. GitHub Enterprise Server may name none, which is an error: it would shut everyone out.
func (c *Client) HookNetworks(ctx context.Context) ([]netip.Prefix, error) {
	var meta struct {
		Hooks []netip.Prefix `json:"hooks"`
	}
	_, err := c.tokenDoor(c.token).do(ctx, call{method: http.MethodGet, path: "meta", into: &meta})
	if err != nil {
		return nil, fmt.Errorf("read addresses of webhooks: %w", err)
	}
	if len(meta.Hooks) == 0 {
		return nil, fmt.Errorf("read addresses of webhooks: %w", hls.ErrNotFound)
	}
	return meta.Hooks, nil
}
