package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// Call is one request that a stand-in answered.
type Call struct {
	At     time.Time
	Method string
	Path   string // without the prefix of Enterprise Server, as the client escaped it
	Query  string
	Body   string
	Actor  string // login behind the credential
	Status int    // that the client saw; 0 when the connection was broken
	Effect bool   // something changed, whatever the client saw
	Fault  FaultKind
}

// exchange is one request on its way through the stand-in.
type exchange struct {
	r     *http.Request
	path  string
	vars  map[string]string
	query url.Values
	body  []byte
	actor hls.Account
	app   bool    // the App itself asks, and none of its installations
	only  []int64 // repositories that the credential is good for; nil is all
	repo  *repository
	late  time.Duration // set by a fault: what is created appears in lists after it
	as    links
}

// reply is what an endpoint answers. Body is sent as JSON unless raw is set.
type reply struct {
	status int
	body   any
	raw    []byte
	media  string
	header http.Header
	effect bool
}

// endpoint answers one request. It is called with the lock held.
type endpoint func(*exchange) reply

// ServeHTTP implements http.Handler.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, storagePath) {
		g.serveStorage(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "simulated: body too large", http.StatusRequestEntityTooLarge)
		return
	}
	x := &exchange{r: r, query: r.URL.Query(), body: body, path: r.URL.EscapedPath(), as: links{api: "http://" + r.Host}}
	if rest, ok := strings.CutPrefix(x.path, "/api/v3"); ok {
		x.path, x.as.api = rest, x.as.api+"/api/v3"
	}
	if x.path == "/api/graphql" { // of Enterprise Server
		x.path = "/graphql"
	}
	fault := g.fault(r.Method, x.path)
	if fault.Kind == Delay && !wait(r.Context(), fault.Wait) {
		return
	}
	if fault.Kind == Outlived {
		wait(context.WithoutCancel(r.Context()), fault.Wait)
	}
	out, call := g.answer(x, fault)
	// Logged first: whoever has the answer finds the call in the log.
	call.Status = fault.after(&out)
	g.log(call)
	if fault.Kind == HangAfter {
		<-r.Context().Done()
	}
	g.write(w, r, out, fault.Kind)
}

// answer finds the endpoint and runs it, unless a fault comes first.
func (g *GitHub) answer(x *exchange, fault Fault) (reply, Call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	call := Call{
		At: g.cfg.Now(), Method: x.r.Method, Path: x.path, Query: x.r.URL.RawQuery, Body: string(x.body), Fault: fault.Kind,
	}
	resource := "core"
	if strings.HasPrefix(x.path, "/search/") {
		resource = "search"
	}
	q := g.quota(resource)
	out := g.early(x, fault, q)
	if out.status == 0 {
		x.late = fault.late()
		out = g.dispatch(x)
	}
	call.Actor, call.Effect = x.actor.Login, out.effect
	g.finish(x, &out)
	if out.status != http.StatusNotModified && x.path != "/rate_limit" {
		q.used++
	}
	q.headers(out.header, resource)
	fault.limitHeaders(out.header, g.cfg.Now())
	return out, call
}

// early answers what is decided before the endpoint: the credential, the limit, a fault without effect.
func (g *GitHub) early(x *exchange, fault Fault, q *quota) reply {
	if out := fault.before(); out.status != 0 {
		return out
	}
	if x.r.UserAgent() == "" {
		return failure(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	}
	if out := g.authenticate(x); out.status != 0 {
		return out
	}
	if q.used >= q.limit && x.path != "/rate_limit" {
		return failure(http.StatusForbidden, "API rate limit exceeded for user ID "+strconv.FormatInt(x.actor.ID, 10)+".")
	}
	return reply{}
}

func (g *GitHub) authenticate(x *exchange) reply {
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	switch {
	case x.open():
		return reply{}
	case scheme == "":
		if g.cfg.Anonymous && x.r.Method == http.MethodGet {
			return reply{}
		}
		return failure(http.StatusUnauthorized, "Requires authentication")
	case !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "token") || token == "":
		return failure(http.StatusUnauthorized, "Bad credentials")
	case g.isApp(token) == nil:
		x.app = true
	case g.installed(x, token):
	case g.cfg.Tokens[token] != "":
		x.actor = g.account(g.cfg.Tokens[token])
	case g.cfg.Token == "" || token == g.cfg.Token:
		x.actor = g.cfg.Self
	default:
		return failure(http.StatusUnauthorized, "Bad credentials")
	}
	return reply{}
}

// dispatch resolves renamed and numbered repositories, then runs the endpoint.
func (g *GitHub) dispatch(x *exchange) reply {
	if rest, ok := strings.CutPrefix(x.path, "/repositories/"); ok {
		id, tail, _ := strings.Cut(rest, "/")
		n, _ := strconv.ParseInt(id, 10, 64)
		if r := g.repoByID(n); r != nil {
			x.path = strings.TrimSuffix("/repos/"+r.FullName+"/"+tail, "/")
		}
	}
	run, vars, ok := g.match(x.r.Method, x.path)
	if !ok {
		return notFound()
	}
	x.vars = vars
	if vars["owner"] == "" {
		return run(x)
	}
	name := vars["owner"] + "/" + vars["repo"]
	x.repo = g.repo(name)
	if x.repo == nil {
		return g.redirect(x, name)
	}
	if x.actor.Login == "" && x.repo.Private || x.only != nil && !slices.Contains(x.only, x.repo.ID) {
		return notFound()
	}
	return run(x)
}

func (g *GitHub) redirect(x *exchange, name string) reply {
	r := g.moved[strings.ToLower(name)]
	if r == nil {
		return notFound()
	}
	status, message := http.StatusMovedPermanently, "Moved Permanently"
	if x.r.Method != http.MethodGet {
		status, message = http.StatusTemporaryRedirect, "Temporary Redirect"
	}
	tail := strings.TrimPrefix(x.path, "/repos/"+name)
	to := fmt.Sprintf("%s/repositories/%d%s", x.as.api, r.ID, tail)
	if x.r.URL.RawQuery != "" {
		to += "?" + x.r.URL.RawQuery
	}
	out := failure(status, message)
	out.header = http.Header{"Location": {to}}
	return out
}

// finish encodes the answer, and turns one that the client has already into 304.
func (g *GitHub) finish(x *exchange, out *reply) {
	if out.header == nil {
		out.header = http.Header{}
	}
	if out.raw == nil && out.body != nil {
		out.raw, _ = json.Marshal(out.body)
	}
	if out.media == "" {
		out.media = "application/json; charset=utf-8"
	}
	if x.r.Method != http.MethodGet || out.status != http.StatusOK {
		return
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append([]byte(out.header.Get("Link")), out.raw...)))
	out.header.Set("ETag", tag)
	if match := x.r.Header.Get("If-None-Match"); match == tag || match == strings.TrimPrefix(tag, "W/") {
		out.status, out.raw = http.StatusNotModified, nil
	}
}

// write sends the answer, as far as the fault lets it.
func (g *GitHub) write(w http.ResponseWriter, r *http.Request, out reply, fault FaultKind) {
	if fault == ResetBefore || fault == ResetAfter || fault == HangAfter {
		reset(w)
		return
	}
	h := w.Header()
	for name, values := range out.header {
		h[name] = values
	}
	h.Set(Mark, "hls")
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-GitHub-Request-Id", fmt.Sprintf("SIM0:%X", time.Now().UnixNano()))
	h.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	if out.raw != nil {
		h.Set("Content-Type", out.media)
		h.Set("Content-Length", strconv.Itoa(len(out.raw)))
	}
	w.WriteHeader(out.status)
	raw := out.raw
	if fault == Truncated {
		raw = raw[:len(raw)/2]
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(raw)
	}
}

func (g *GitHub) log(c Call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, c)
	if g.cfg.Journal != nil {
		g.cfg.Journal(Entry{Call: &c})
	}
}

// Calls returns every request that was answered, oldest first.
func (g *GitHub) Calls() []Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Call(nil), g.calls...)
}

// Writes returns the requests that asked for a change, whatever came of them; see Call.Effect.
func (g *GitHub) Writes() []Call {
	var out []Call
	for _, c := range g.Calls() {
		asks := strings.HasPrefix(c.Body, `{"query":"query`) // of GraphQL, whatever the method
		if c.Method != http.MethodGet && c.Method != http.MethodHead && !asks {
			out = append(out, c)
		}
	}
	return out
}
