package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const documentation = "https://docs.simulated.github.example/rest"

// bodyLimit is how many characters GitHub takes in the body of an issue, a comment or a review.
const bodyLimit = 65536

func failure(status int, message string) reply {
	return reply{status: status, body: object{
		"message": message, "documentation_url": documentation, "status": strconv.Itoa(status),
	}}
}

func notFound() reply { return failure(http.StatusNotFound, "Not Found") }

func forbidden() reply {
	return failure(http.StatusForbidden, "Resource not accessible by personal access token")
}

// invalid is GitHub's 422 with a structured error ("Troubleshooting the REST API").
func invalid(resource, field, code, message string) reply {
	detail := object{"resource": resource, "field": field, "code": code}
	if message != "" {
		detail["message"] = message
	}
	return reply{status: http.StatusUnprocessableEntity, body: object{
		"message": "Validation Failed", "errors": []object{detail}, "documentation_url": documentation, "status": "422",
	}}
}

// unprocessable is the other shape of 422, with bare texts, that reviews are answered with.
func unprocessable(texts ...string) reply {
	return reply{status: http.StatusUnprocessableEntity, body: object{
		"message": "Unprocessable Entity", "errors": texts, "documentation_url": documentation, "status": "422",
	}}
}

func tooLong(resource string) reply {
	return invalid(resource, "body", "custom", fmt.Sprintf("body is too long (maximum is %d characters)", bodyLimit))
}

func overlong(body string) bool { return utf8.RuneCountInString(body) > bodyLimit }

// decode reads the request's JSON object into v.
func (x *exchange) decode(v any) (reply, bool) {
	if !json.Valid(x.body) {
		return failure(http.StatusBadRequest, "Problems parsing JSON"), false
	}
	if err := json.Unmarshal(x.body, v); err != nil {
		return failure(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error()), false
	}
	return reply{}, true
}

// list answers one page of items, with Link headers as "Using pagination in the REST API" describes them.
func (x *exchange) list(items []object) reply {
	per, page := x.paging()
	last := max(1, (len(items)+per-1)/per)
	from := min((page-1)*per, len(items))
	to := min(from+per, len(items))
	out := reply{status: http.StatusOK, body: append([]object{}, items[from:to]...), header: http.Header{}}
	if link := x.linkHeader(page, last); link != "" {
		out.header.Set("Link", link)
	}
	return out
}

func (x *exchange) paging() (per, page int) {
	per, page = 30, 1
	if n, err := strconv.Atoi(x.query.Get("per_page")); err == nil && n > 0 {
		per = min(n, 100)
	}
	if n, err := strconv.Atoi(x.query.Get("page")); err == nil && n > 0 {
		page = n
	}
	return per, page
}

func (x *exchange) linkHeader(page, last int) string {
	var links []string
	add := func(n int, rel string) {
		links = append(links, x.link(map[string]string{"page": strconv.Itoa(n)}, rel))
	}
	if page > 1 {
		add(page-1, "prev")
	}
	if page < last {
		add(page+1, "next")
		add(last, "last")
	}
	if page > 1 {
		add(1, "first")
	}
	return strings.Join(links, ", ")
}

func (x *exchange) link(set map[string]string, rel string) string {
	q := url.Values{}
	for name, values := range x.query {
		q[name] = values
	}
	for name, value := range set {
		q.Set(name, value)
	}
	return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, x.as.api, x.path, q.Encode(), rel)
}

func escape(segment string) string { return url.PathEscape(segment) }

// quota is one resource's primary rate limit. Its window starts with the first request.
type quota struct {
	limit int
	used  int
	reset time.Time
}

func (g *GitHub) quota(resource string) *quota {
	limit, window := g.cfg.Limit, time.Hour
	if resource == "search" {
		limit, window = 30, time.Minute
	}
	q := g.quotas[resource]
	if q == nil || !g.cfg.Now().Before(q.reset) {
		q = &quota{limit: limit, reset: g.cfg.Now().Add(window)}
		g.quotas[resource] = q
	}
	return q
}

func (q *quota) headers(h http.Header, resource string) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(q.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, q.limit-q.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(q.reset.Unix(), 10))
	h.Set("X-RateLimit-Used", strconv.Itoa(min(q.used, q.limit)))
	h.Set("X-RateLimit-Resource", resource)
}

func (g *GitHub) rateLimit(*exchange) reply {
	resources := object{}
	for _, name := range []string{"core", "search"} {
		q := g.quota(name)
		resources[name] = object{
			"limit": q.limit, "used": min(q.used, q.limit), "remaining": max(0, q.limit-q.used), "reset": q.reset.Unix(),
		}
	}
	return reply{status: http.StatusOK, body: object{"resources": resources, "rate": resources["core"]}}
}
