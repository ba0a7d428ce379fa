package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logKept is how long GitHub keeps the log of a webhook.
const logKept = 3 * 24 * time.Hour

// attempt is one entry of a webhook's log.
type attempt struct {
	Delivery
	id           int64
	at           time.Time
	status       int // 0 when there was no answer
	redelivery   bool
	repositoryID int64
	installation int64 // 0 when the hook is not the App's
}

// Deliver sends a delivery to a hook and keeps it in the hook's log, as GitHub does. A dead receiver is no error
// here: it shows in the log as a failed delivery.
func (g *GitHub) Deliver(ctx context.Context, repo string, hookID int64, d Delivery) (status int, body []byte) {
	g.mu.Lock()
	h := g.hookByID(hookID)
	if h == nil {
		g.mu.Unlock()
		panic("simulate: no such hook")
	}
	d.HookID, d.Form = h.id, h.media == "form"
	to, secret := h.url, h.secret
	g.mu.Unlock()
	status, body, _ = Send(ctx, to, secret, d)
	g.Log(repo, hookID, d, status)
	return status, body
}

// Log keeps a delivery in a hook's log with the status that its receiver answered, 0 for none: one that was
// missed can be found there and redelivered. With an empty repo the event is of no repository.
func (g *GitHub) Log(repo string, hookID int64, d Delivery, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.hookByID(hookID)
	d.HookID, d.Form = h.id, h.media == "form"
	a := &attempt{
		Delivery: d, id: g.id(), at: g.cfg.Now().UTC(), status: status,
		redelivery: slices.ContainsFunc(h.attempts, func(a *attempt) bool { return a.GUID == d.GUID }),
	}
	if repo != "" {
		a.repositoryID = g.known(repo).ID
	}
	if h == g.appHook {
		a.installation = theInstallation
	}
	h.attempts = append(h.attempts, a)
}

// RespellPayloads makes the log spell payloads otherwise than they were signed: they say the same in other bytes.
func (g *GitHub) RespellPayloads() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.respell = true
}

// kept are the entries that GitHub still has, oldest first.
func (g *GitHub) kept(h *hook) []*attempt {
	since := g.cfg.Now().Add(-logKept)
	from := slices.IndexFunc(h.attempts, func(a *attempt) bool { return a.at.After(since) })
	if from < 0 {
		return nil
	}
	return h.attempts[from:]
}

func (a *attempt) object() object {
	status := "OK"
	switch {
	case a.status == 0:
		status = "failed to connect to host"
	case a.status >= 300:
		status = "Invalid HTTP Response: " + strconv.Itoa(a.status)
	}
	o := object{
		"id": a.id, "guid": a.GUID, "delivered_at": a.at.Format(time.RFC3339Nano), "redelivery": a.redelivery,
		"duration": 0.03, "status": status, "status_code": a.status, "event": a.Event, "action": actionOf(a.Payload),
		"installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if a.repositoryID != 0 {
		o["repository_id"] = a.repositoryID
	}
	if a.installation != 0 {
		o["installation_id"] = a.installation
	}
	return o
}

// full adds what only the entry itself tells: the request as it was sent, with its signature.
func (a *attempt) full(h *hook) object {
	o, headers := a.object(), object{}
	if r, err := a.Request(context.Background(), h.url, h.secret); err == nil {
		for name, values := range r.Header {
			headers[name] = strings.Join(values, ", ")
		}
	}
	o["url"] = h.url
	o["request"] = object{"headers": headers, "payload": rawObject(a.Payload)}
	o["response"] = object{"headers": object{}, "payload": nil}
	return o
}

// deliveries lists the log, newest first, with the cursor of "REST API endpoints for repository webhooks".
func (g *GitHub) deliveries(x *exchange) reply {
	h := g.ofHook(x)
	if h == nil {
		return notFound()
	}
	attempts := g.kept(h)
	per, _ := x.paging()
	from := len(attempts) - 1
	if cursor := x.query.Get("cursor"); cursor != "" {
		id, _ := strconv.ParseInt(strings.TrimPrefix(cursor, "v1_"), 10, 64)
		from = slices.IndexFunc(attempts, func(a *attempt) bool { return a.id == id })
		if from < 0 {
			return invalid("HookDelivery", "cursor", "invalid", "")
		}
	}
	items := []object{}
	for ; from >= 0 && len(items) < per; from-- {
		items = append(items, attempts[from].object())
	}
	out := reply{status: http.StatusOK, body: items, header: http.Header{}}
	if from >= 0 {
		out.header.Set("Link", x.link(map[string]string{"cursor": "v1_" + strconv.FormatInt(attempts[from].id, 10)}, "next"))
	}
	return out
}

// attempt finds the entry that the path names, among those that GitHub still has.
func (g *GitHub) attempt(x *exchange) (*hook, *attempt) {
	h := g.ofHook(x)
	if h == nil {
		return nil, nil
	}
	id, _ := strconv.ParseInt(x.vars["delivery"], 10, 64)
	for _, a := range g.kept(h) {
		if a.id == id {
			return h, a
		}
	}
	return h, nil
}

func (g *GitHub) delivery(x *exchange) reply {
	h, a := g.attempt(x)
	if a == nil {
		return notFound()
	}
	out := reply{status: http.StatusOK, body: a.full(h)}
	if g.respell {
		out.raw, _ = json.MarshalIndent(out.body, "", "  ")
		out.raw = bytes.ReplaceAll(out.raw, []byte("/"), []byte(`\/`)) // A slash stands in texts alone.
	}
	return out
}

// redeliver answers 202 and sends the delivery again afterwards, under the same GUID.
func (g *GitHub) redeliver(x *exchange) reply {
	h, a := g.attempt(x)
	if a == nil {
		return notFound()
	}
	repo := ""
	if r := g.repoByID(a.repositoryID); r != nil {
		repo = r.FullName
	}
	hookID, d := h.id, a.Delivery
	g.sending.Add(1)
	go func() {
		defer g.sending.Done()
		g.Deliver(context.Background(), repo, hookID, d)
	}()
	return reply{status: http.StatusAccepted, body: object{}, effect: true}
}
