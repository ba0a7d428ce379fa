// Package ui is how the dashboard looks: its templates, its style and its script. It is all in the binary, and knows
// nothing of where the shown comes from. Pages are whole without the script, and nothing in them is inline.
package ui

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Policy is the Content-Security-Policy of every page: nothing but what the binary brings along, from its own origin.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Place is where the navigation leads to.
type Place struct{ Path, Name string }

// The places of the navigation.
const (
	Now          = "/ui/"
	Deliveries   = "/ui/deliveries"
	Effects      = "/ui/effects"
	Repositories = "/ui/repositories"
	Trends       = "/ui/trends"
)

// places are the pages that a reader finds by the navigation.
var places = []Place{
	{Now, "Now"}, {Deliveries, "Deliveries"}, {Effects, "Effects"}, {Repositories, "Repositories"}, {Trends, "Trends"},
}

// Frame is what every page has around its body.
type Frame struct {
	Title  string
	Here   string // the place of the navigation that the page belongs to; "" for none
	Role   string // of the reader: "operator" or "viewer"; "" for who has not signed in
	CSRF   string // what the page's forms carry
	Signed bool   // the reader has a session to end
	Live   string // address of the stream of what changes of the page's parts; "" for none
	Body   any
}

// Operator tells whether the reader may write.
func (f Frame) Operator() bool { return f.Role == "operator" }

// Places are those of the navigation.
func (f Frame) Places() []Place { return places }

// Pages renders. Make it with New.
type Pages struct {
	root *url.URL
	made map[string]*template.Template
}

// names are the pages, each a file of templates.
var names = []string{"now", "deliveries", "delivery", "undo", "effects", "repositories", "repository", "trends", "login", "problem"}

// New reads the templates. Links lead to pages under webRoot, as "https://github.com", and nowhere else.
func New(webRoot string) (*Pages, error) {
	root, err := url.Parse(webRoot)
	if err != nil || root.Host == "" {
		return nil, fmt.Errorf("make pages: %q is no root of GitHub's pages", webRoot)
	}
	p := &Pages{root: root, made: map[string]*template.Template{}}
	for _, name := range names {
		made, err := template.New("layout.html").Funcs(p.functions()).
			ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("make page %s: %w", name, err)
		}
		p.made[name] = made
	}
	return p, nil
}

// Part is a piece of a page that changes by itself.
type Part struct {
	Name string
	HTML []byte
}

// part begins the names of the templates that are parts. The element that has one bears the rest of the name as sse-swap.
const part = "live-"

// Parts makes the parts of a page alone, in the order of their names.
func (p *Pages) Parts(name string, f Frame) ([]Part, error) {
	made := p.made[name]
	if made == nil {
		return nil, fmt.Errorf("render page %s: there is none", name)
	}
	var parts []Part
	for _, t := range made.Templates() {
		rest, is := strings.CutPrefix(t.Name(), part)
		if !is {
			continue
		}
		var out bytes.Buffer
		if err := t.Execute(&out, f); err != nil {
			return nil, fmt.Errorf("render part %s of page %s: %w", rest, name, err)
		}
		parts = append(parts, Part{rest, out.Bytes()})
	}
	slices.SortFunc(parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return parts, nil
}

// Render makes a page.
func (p *Pages) Render(name string, f Frame) ([]byte, error) {
	made := p.made[name]
	if made == nil {
		return nil, fmt.Errorf("render page %s: there is none", name)
	}
	var out bytes.Buffer
	if err := made.Execute(&out, f); err != nil {
		return nil, fmt.Errorf("render page %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Static are the files that pages refer to under /ui/static/.
func Static() fs.FS {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // The folder is embedded.
	}
	return files
}

func (p *Pages) functions() template.FuncMap {
	return template.FuncMap{
		"spans": hls.Spans, "visible": hls.Visible, "link": p.Link, "subject": p.Subject, "delivery": Delivery, "repository": Repository, "pretty": pretty,
		"dollars": func(micro int64) string { return fmt.Sprintf("$%.4f", float64(micro)/1e6) },
		"usd":     func(dollars float64) string { return fmt.Sprintf("$%.2f", dollars) },
		"took":    took,
		"next":    func(i int) int { return i + 1 },
		"percent": func(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"human":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"words":   func(name any) string { return strings.ReplaceAll(fmt.Sprint(name), "_", " ") },
	}
}

// took is a duration in seconds as people read it.
func took(seconds float64) string {
	switch {
	case seconds > 0 && seconds < 0.0005:
		return "<1 ms"
	case seconds < 1:
		return strconv.FormatFloat(1000*seconds, 'f', 0, 64) + " ms"
	case seconds < 120:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// Delivery is the path of a delivery's page.
func Delivery(id string) string { return Deliveries + "/" + url.PathEscape(id) }

// Repository is the path of a repository's page, "" for what is none.
func Repository(name string) string {
	if !repository.MatchString(name) {
		return ""
	}
	return Repositories + "/" + name
}

// Link is an address that a page may lead to, or "": one of GitHub's own pages. What names another host comes from who
// knows where.
func (p *Pages) Link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Scheme != p.root.Scheme || u.Host != p.root.Host {
		return ""
	}
	return u.String()
}

// Subject is the page of an issue or pull request that is written as owner/repo#42, or "".
func (p *Pages) Subject(text string) string {
	repo, number, found := strings.Cut(text, "#")
	if n, err := strconv.Atoi(number); !found || err != nil || n < 1 || !repository.MatchString(repo) {
		return ""
	}
	return p.root.JoinPath(repo, "issues", number).String()
}

// repository is owner/name, of which neither is a step up. Owners have an underscore where an enterprise manages its users.
var repository = regexp.MustCompile(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// pretty is JSON as people read it; what is none stays as it is.
func pretty(text []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, text, "", "  ") != nil {
		return string(text)
	}
	return out.String()
}
