package simulate

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// hook is a webhook of a repository, an organization or the App, with the log of what was sent to it, oldest first.
type hook struct {
	id       int64
	kind     string // "Repository", "Organization" or "App"
	url      string
	secret   string
	media    string // "json" or "form"
	insecure bool
	active   bool
	events   []string
	attempts []*attempt
}

// holder is what has webhooks: a repository, or an organization with its owners.
type holder struct {
	path   string // below the API's root
	admins map[string]bool
	hooks  []*hook
}

// AddOrganization adds an organization whose owners alone may see its webhooks.
func (g *GitHub) AddOrganization(login string, owners ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.account(login)
	a.Type = "Organization"
	g.accounts[strings.ToLower(login)] = a
	o := &holder{path: "/orgs/" + login, admins: map[string]bool{}}
	for _, owner := range owners {
		o.admins[strings.ToLower(owner)] = true
	}
	g.organizations[strings.ToLower(login)] = o
}

// AddHook registers a webhook of a repository, for all events unless some are named, and returns its id.
func (g *GitHub) AddHook(repo, url, secret string, events ...string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.newHook("Repository", url, secret)
	if len(events) > 0 {
		h.events = events
	}
	r := g.known(repo)
	r.hooks = append(r.hooks, h)
	return h.id
}

// AddOrganizationHook registers a webhook of an organization and returns its id.
func (g *GitHub) AddOrganizationHook(org, url, secret string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.newHook("Organization", url, secret)
	o := g.organizations[strings.ToLower(org)]
	o.hooks = append(o.hooks, h)
	return h.id
}

// SetAppHook gives the App its webhook and returns its id.
func (g *GitHub) SetAppHook(url, secret string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.appHook = g.newHook("App", url, secret)
	return g.appHook.id
}

// Hook is a webhook as a test looks at it, its secret included.
type Hook struct {
	ID          int64
	URL, Secret string
	ContentType string
	Insecure    bool
	Active      bool
	Events      []string
}

// Hooks returns the webhooks of a repository.
func (g *GitHub) Hooks(repo string) []Hook {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Hook
	for _, h := range g.known(repo).hooks {
		out = append(out, Hook{h.id, h.url, h.secret, h.media, h.insecure, h.active, slices.Clone(h.events)})
	}
	return out
}

func (g *GitHub) newHook(kind, url, secret string) *hook {
	return &hook{id: g.id(), kind: kind, url: url, secret: secret, media: "json", active: true, events: []string{"*"}}
}

// hookByID finds a webhook wherever it is; nil when there is none.
func (g *GitHub) hookByID(id int64) *hook {
	all := [][]*hook{{g.appHook}}
	for _, r := range g.repos {
		all = append(all, r.hooks)
	}
	for _, o := range g.organizations {
		all = append(all, o.hooks)
	}
	for _, h := range slices.Concat(all...) {
		if h != nil && h.id == id {
			return h
		}
	}
	return nil
}

func (h *hook) config() object {
	insecure := "0"
	if h.insecure {
		insecure = "1"
	}
	o := object{"url": h.url, "content_type": h.media, "insecure_ssl": insecure}
	if h.secret != "" {
		o["secret"] = "********"
	}
	return o
}

func (l links) hook(path string, h *hook) object {
	at := l.api + path + "/hooks/" + strconv.FormatInt(h.id, 10)
	return object{
		"type": h.kind, "id": h.id, "name": "web", "active": h.active, "events": h.events, "url": at,
		"test_url": at + "/test", "ping_url": at + "/pings", "deliveries_url": at + "/deliveries", "config": h.config(),
	}
}

// holder is whose webhooks a request is about; nil when it may not see them.
func (g *GitHub) holder(x *exchange) *holder {
	if x.repo != nil {
		if x.repo.permission(x.actor.Login) != "admin" {
			return nil
		}
		return &holder{path: "/repos/" + x.repo.FullName, hooks: x.repo.hooks}
	}
	o := g.organizations[strings.ToLower(x.vars["org"])]
	if o == nil || !o.admins[strings.ToLower(x.actor.Login)] {
		return nil
	}
	return o
}

func (g *GitHub) listHooks(x *exchange) reply {
	from := g.holder(x)
	if from == nil {
		return notFound()
	}
	items := []object{}
	for _, h := range from.hooks {
		items = append(items, x.as.hook(from.path, h))
	}
	return x.list(items)
}

// hookRequest is the body of "Create a repository webhook" and "Update a repository webhook".
type hookRequest struct {
	Active *bool    `json:"active"`
	Events []string `json:"events"`
	Config *struct {
		URL         string `json:"url"`
		ContentType string `json:"content_type"`
		Secret      string `json:"secret"`
		InsecureSSL any    `json:"insecure_ssl"`
	} `json:"config"`
}

// apply changes a hook as a request says. A config replaces the whole of the old one.
func (in hookRequest) apply(h *hook) {
	if in.Active != nil {
		h.active = *in.Active
	}
	if len(in.Events) > 0 {
		h.events = in.Events
	}
	if in.Config == nil {
		return
	}
	h.url, h.secret, h.media = in.Config.URL, in.Config.Secret, "form"
	if in.Config.ContentType == "json" {
		h.media = "json"
	}
	h.insecure = in.Config.InsecureSSL == "1" || in.Config.InsecureSSL == float64(1)
}

// readHook reads a request about a hook of a repository. self is the hook that is being changed, nil for a new one.
func (g *GitHub) readHook(x *exchange, self *hook) (in hookRequest, out reply) {
	if out, ok := x.decode(&in); !ok {
		return in, out
	}
	if in.Config == nil {
		if self == nil {
			return in, invalid("Hook", "config", "missing_field", "")
		}
		return in, reply{}
	}
	if in.Config.URL == "" {
		return in, invalid("Hook", "url", "missing_field", "")
	}
	for _, h := range x.repo.hooks {
		if h != self && h.url == in.Config.URL {
			return in, invalid("Hook", "config", "custom", "Hook already exists on this repository")
		}
	}
	return in, reply{}
}

func (g *GitHub) createHook(x *exchange) reply {
	from := g.holder(x)
	if from == nil {
		return notFound()
	}
	in, out := g.readHook(x, nil)
	if out.status != 0 {
		return out
	}
	h := g.newHook("Repository", "", "")
	h.events = []string{"push"}
	in.apply(h)
	x.repo.hooks = append(x.repo.hooks, h)
	return reply{status: http.StatusCreated, body: x.as.hook(from.path, h), effect: true}
}

func (g *GitHub) editHook(x *exchange) reply {
	h := g.ofHook(x)
	if h == nil {
		return notFound()
	}
	in, out := g.readHook(x, h)
	if out.status != 0 {
		return out
	}
	in.apply(h)
	return reply{status: http.StatusOK, body: x.as.hook("/repos/"+x.repo.FullName, h), effect: true}
}

// ofHook finds the hook that the path names: the App's own, or one of a repository or an organization.
func (g *GitHub) ofHook(x *exchange) *hook {
	if strings.HasPrefix(x.path, "/app/") {
		return g.appHook
	}
	id, _ := strconv.ParseInt(x.vars["hook"], 10, 64)
	from := g.holder(x)
	if from == nil {
		return nil
	}
	for _, h := range from.hooks {
		if h.id == id {
			return h
		}
	}
	return nil
}
