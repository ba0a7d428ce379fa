package app

import (
	"context"
	"encoding/json"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
)

// tellSettings has the audit log say which settings are in force from now on. What follows was decided by them.
func (a *App) tellSettings(ctx context.Context, s *config.Settings, when string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	data, err := json.Marshal(map[string]any{"when": when, "digest": s.Digest(), "version": a.opts.Version})
	if err == nil {
		err = a.store.Audit(ctx, hls.AuditEntry{Kind: hls.AuditSettings, By: hls.Operator, Data: data})
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("the audit log was not told of the settings", hls.KeyError, err.Error())
	}
}
