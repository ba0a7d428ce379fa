package app

import (
	"context"
	"encoding/json"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
)

// auditOperator has the audit log tell of something that an operator does.
func (a *App) auditOperator(ctx context.Context, kind hls.AuditKind, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return a.store.Audit(ctx, hls.AuditEntry{Kind: kind, By: hls.Operator, Data: text})
}

// tellSettings has the audit log say which settings are in force from now on. What follows was decided by them.
func (a *App) tellSettings(ctx context.Context, s *config.Settings, when string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := a.auditOperator(ctx, hls.AuditSettings, map[string]any{"when": when, "digest": s.Digest(), "version": a.opts.Version})
	if err != nil && ctx.Err() == nil {
		a.log.Error("the audit log was not told of the settings", hls.KeyError, err.Error())
	}
}
