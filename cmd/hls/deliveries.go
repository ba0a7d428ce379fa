package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/web"
)

type deliveriesCmd struct {
	List   deliveriesListCmd   `cmd:"" help:"List deliveries, newest first."`
	Show   deliveriesShowCmd   `cmd:"" help:"Show what became of a delivery."`
	Replay deliveriesReplayCmd `cmd:"" help:"Resume parked deliveries, and work on others again."`
}

// deliveryLog is the log of deliveries, in the database or at the running service.
type deliveryLog interface {
	List(ctx context.Context, query string) (web.Page, error)
	Show(ctx context.Context, id string) (web.Shown, error)
	Replay(ctx context.Context, id string) (web.Replayed, error)
	Effects(ctx context.Context, query string) (web.EffectsPage, error)
	Decide(ctx context.Context, what web.Decision) (web.Decided, error)
	Why(ctx context.Context, query string) (web.Why, error)
	DryReplay(ctx context.Context, id string, c web.Changes) (web.Tried, error)
	TakeBack(ctx context.Context, what web.Undo) (web.Undone, error)
}

// quick is how long the service may take for what it knows by heart.
const quick = time.Minute

// deliveries opens the log: that of the database, or that of the service whose database belongs to one process.
func (r reach) deliveries(c *call) (log deliveryLog, done func(), err error) {
	return opened(c, r, func(ctx context.Context, s *config.Settings, o app.Options) (deliveryLog, func(), error) {
		return app.DeliveriesBeside(ctx, s, o)
	},
		func(s *config.Settings) deliveryLog { return servedLog{r.service(s, quick)} })
}

// servedLog is the log at the running service.
type servedLog struct{ service }

const deliveriesPath = "/api/v1/deliveries"

// List asks for a page.
func (l servedLog) List(ctx context.Context, query string) (page web.Page, err error) {
	return page, l.ask(ctx, request{http.MethodGet, deliveriesPath + "?" + query, nil}, &page)
}

// Show asks for a delivery.
func (l servedLog) Show(ctx context.Context, id string) (shown web.Shown, err error) {
	return shown, l.ask(ctx, request{http.MethodGet, deliveriesPath + "/" + url.PathEscape(id), nil}, &shown)
}

// Replay asks for a replay.
func (l servedLog) Replay(ctx context.Context, id string) (replayed web.Replayed, err error) {
	return replayed, l.ask(ctx, request{http.MethodPost, deliveriesPath + "/" + url.PathEscape(id) + "/replay", nil}, &replayed)
}

// Why asks what was done about a subject or a delivery.
func (l servedLog) Why(ctx context.Context, query string) (why web.Why, err error) {
	return why, l.ask(ctx, request{http.MethodGet, "/api/v1/why?" + query, nil}, &why)
}

// DryReplay asks for a dry replay.
func (l servedLog) DryReplay(ctx context.Context, id string, c web.Changes) (tried web.Tried, err error) {
	body := web.ReplayRequest{DryRun: true, Changes: c}
	return tried, l.ask(ctx, request{http.MethodPost, deliveriesPath + "/" + url.PathEscape(id) + "/replay", body}, &tried)
}

// selection is what the lists of deliveries are narrowed by.
type selection struct {
	Repo   string `help:"Only of this repository." placeholder:"OWNER/REPO"`
	Event  string `help:"Only of this event, as issues." placeholder:"EVENT"`
	Reason string `help:"Only those that ended, or wait, for this reason, as refusal." placeholder:"REASON"`
}

// query is the selection as the API's address has it.
func (s selection) query(state string) url.Values {
	form := url.Values{}
	for name, value := range map[string]string{"repo": s.Repo, "event": s.Event, "reason": s.Reason, "state": state} {
		if value != "" {
			form.Set(name, value)
		}
	}
	return form
}
