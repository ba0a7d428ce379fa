package simulate

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// hook is a repository's webhook with the log of what was sent to it, oldest first.
type hook struct {
	id       int64
	url      string
	secret   string
	media    string // "json" or "form"
	events   []string
	attempts []*attempt
}

type attempt struct {
	Delivery
	id           int64
	at           time.Time
	status       int // 0 when there was no answer
	redelivery   bool
	repositoryID int64
}

// AddHook registers a webhook and returns its id.
func (g *GitHub) AddHook(repo, url, secret string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	h := &hook{id: g.id(), url: url, secret: secret, media: "json", events: []string{"*"}}
	r.hooks = append(r.hooks, h)
	return h.id
}

// Deliver sends a delivery to a hook and keeps it in the hook's log, as GitHub does. A dead receiver is no error
// here: it shows in the log as a failed delivery.
func (g *GitHub) Deliver(ctx context.Context, repo string, hookID int64, d Delivery) (status int, body []byte) {
	g.mu.Lock()
	r := g.known(repo)
	h := r.hook(hookID)
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
// missed can be found there and redelivered.
func (g *GitHub) Log(repo string, hookID int64, d Delivery, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	h := r.hook(hookID)
	again := slices.ContainsFunc(h.attempts, func(a *attempt) bool { return a.GUID == d.GUID })
	h.attempts = append(h.attempts, &attempt{
		Delivery: d, id: g.id(), at: g.cfg.Now().UTC(), status: status, redelivery: again, repositoryID: r.ID,
	})
}

func (r *repository) hook(id int64) *hook {
	for _, h := range r.hooks {
		if h.id == id {
			return h
		}
	}
	return nil
}

func (l links) hook(r *repository, h *hook) object {
	at := l.api + "/repos/" + r.FullName + "/hooks/" + strconv.FormatInt(h.id, 10)
	return object{
		"type": "Repository", "id": h.id, "name": "web", "active": true, "events": h.events, "url": at,
		"test_url": at + "/test", "ping_url": at + "/pings", "deliveries_url": at + "/deliveries",
		"config": object{"url": h.url, "content_type": h.media, "insecure_ssl": "0", "secret": "********"},
	}
}

func (g *GitHub) listHooks(x *exchange) reply {
	if x.repo.permission(x.actor.Login) != "admin" {
		return notFound()
	}
	items := []object{}
	for _, h := range x.repo.hooks {
		items = append(items, x.as.hook(x.repo, h))
	}
	return x.list(items)
}

func (g *GitHub) createHook(x *exchange) reply {
	var in struct {
		Events []string `json:"events"`
		Config struct {
			URL         string `json:"url"`
			ContentType string `json:"content_type"`
			Secret      string `json:"secret"`
		} `json:"config"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	switch {
	case x.repo.permission(x.actor.Login) != "admin":
		return notFound()
	case in.Config.URL == "":
		return invalid("Hook", "url", "missing_field", "")
	}
	for _, h := range x.repo.hooks {
		if h.url == in.Config.URL {
			return invalid("Hook", "config", "custom", "Hook already exists on this repository")
		}
	}
	h := &hook{id: g.id(), url: in.Config.URL, secret: in.Config.Secret, media: "form", events: []string{"push"}}
	if in.Config.ContentType == "json" {
		h.media = "json"
	}
	if len(in.Events) > 0 {
		h.events = in.Events
	}
	x.repo.hooks = append(x.repo.hooks, h)
	return reply{status: http.StatusCreated, body: x.as.hook(x.repo, h), effect: true}
}

// ofHook finds the hook that the path names.
func (x *exchange) ofHook() *hook {
	id, _ := strconv.ParseInt(x.vars["hook"], 10, 64)
	if x.repo.permission(x.actor.Login) != "admin" {
		return nil
	}
	return x.repo.hook(id)
}

func (a *attempt) object(full bool) object {
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
		"installation_id": nil, "repository_id": a.repositoryID, "throttled_at": nil,
	}
	if full {
		o["url"] = ""
		o["request"] = object{"headers": object{
			"X-GitHub-Event": a.Event, "X-GitHub-Delivery": a.GUID, "Content-Type": "application/json",
			"X-GitHub-Hook-ID": strconv.FormatInt(a.HookID, 10),
		}, "payload": rawObject(a.Payload)}
		o["response"] = object{"headers": object{}, "payload": nil}
	}
	return o
}

// deliveries lists the log, newest first, with the cursor of "REST API endpoints for repository webhooks".
func (g *GitHub) deliveries(x *exchange) reply {
	h := x.ofHook()
	if h == nil {
		return notFound()
	}
	per, _ := x.paging()
	from := len(h.attempts) - 1
	if cursor := x.query.Get("cursor"); cursor != "" {
		id, _ := strconv.ParseInt(cursor, 10, 64)
		from = slices.IndexFunc(h.attempts, func(a *attempt) bool { return a.id == id })
		if from < 0 {
			return invalid("HookDelivery", "cursor", "invalid", "")
		}
	}
	items := []object{}
	for ; from >= 0 && len(items) < per; from-- {
		items = append(items, h.attempts[from].object(false))
	}
	out := reply{status: http.StatusOK, body: items, header: http.Header{}}
	if from >= 0 {
		out.header.Set("Link", x.link(map[string]string{"cursor": strconv.FormatInt(h.attempts[from].id, 10)}, "next"))
	}
	return out
}

func (x *exchange) attempt() (*hook, *attempt) {
	h := x.ofHook()
	if h == nil {
		return nil, nil
	}
	id, _ := strconv.ParseInt(x.vars["delivery"], 10, 64)
	for _, a := range h.attempts {
		if a.id == id {
			return h, a
		}
	}
	return h, nil
}

func (g *GitHub) delivery(x *exchange) reply {
	_, a := x.attempt()
	if a == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: a.object(true)}
}

// redeliver answers 202 and sends the delivery again afterwards, under the same GUID.
func (g *GitHub) redeliver(x *exchange) reply {
	h, a := x.attempt()
	if a == nil {
		return notFound()
	}
	name, hookID, d := x.repo.FullName, h.id, a.Delivery
	g.sending.Add(1)
	go func() {
		defer g.sending.Done()
		g.Deliver(context.Background(), name, hookID, d)
	}()
	return reply{status: http.StatusAccepted, body: object{}, effect: true}
}
