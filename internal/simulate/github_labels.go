package simulate

import (
	"encoding/json"
	"net/http"
	"regexp"
	"unicode/utf8"

	"hls/internal/hls"
)

var hexColor = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

// The limits of labels ("REST API endpoints for labels").
const (
	labelNameLimit   = 50
	labelsPerSubject = 100
)

func (g *GitHub) repositoryLabels(x *exchange) reply {
	items := []object{}
	for _, l := range x.repo.labels {
		items = append(items, x.as.label(x.repo, l))
	}
	return x.list(items)
}

func (g *GitHub) repositoryLabel(x *exchange) reply {
	l := x.repo.label(x.vars["name"])
	if l == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.label(x.repo, l)}
}

func (g *GitHub) createLabel(x *exchange) reply {
	var in struct {
		Name        string `json:"name"`
		Color       string `json:"color"`
		Description string `json:"description"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	switch {
	case !x.mayTriage():
		return forbidden()
	case in.Name == "":
		return invalid("Label", "name", "missing_field", "")
	case utf8.RuneCountInString(in.Name) > labelNameLimit:
		return invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
	case in.Color != "" && !hexColor.MatchString(in.Color):
		return invalid("Label", "color", "invalid", "")
	case utf8.RuneCountInString(in.Description) > 100:
		return invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
	case x.repo.label(in.Name) != nil:
		return invalid("Label", "name", "already_exists", "")
	}
	l := g.addLabel(x.repo, hls.Label{Name: in.Name, Color: in.Color, Description: in.Description})
	g.didToRepo(x.repo, Deed{Kind: LabelCreated, Actor: x.actor, Label: l.Name})
	return reply{status: http.StatusCreated, body: x.as.label(x.repo, l), effect: true}
}

func (g *GitHub) labels(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	return x.list(x.as.labels(s))
}

// names reads the labels of a request: {"labels": [...]} or the bare array, each a name or an object with one.
func (x *exchange) names() ([]string, reply, bool) {
	var wrapped struct {
		Labels json.RawMessage `json:"labels"`
	}
	raw := json.RawMessage(x.body)
	if len(raw) > 0 && raw[0] == '{' {
		if out, ok := x.decode(&wrapped); !ok {
			return nil, out, false
		}
		raw = wrapped.Labels
	}
	if !json.Valid(raw) {
		return nil, failure(http.StatusBadRequest, "Problems parsing JSON"), false
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, invalid("Label", "labels", "invalid", ""), false
	}
	var names []string
	for _, item := range items {
		name, ok := labelName(item)
		if !ok {
			return nil, invalid("Label", "name", "invalid", ""), false
		}
		names = append(names, name)
	}
	return names, reply{}, true
}

func labelName(item json.RawMessage) (string, bool) {
	var name string
	if json.Unmarshal(item, &name) != nil {
		var o struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(item, &o) != nil {
			return "", false
		}
		name = o.Name
	}
	return name, name != "" && utf8.RuneCountInString(name) <= labelNameLimit
}

// change is what POST, PUT and DELETE of a subject's labels have in common.
func (g *GitHub) change(x *exchange, do func(*subject) reply) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	if !x.mayTriage() {
		return forbidden()
	}
	out = do(s)
	if out.status == 0 {
		out = reply{status: http.StatusOK, body: x.as.labels(s), effect: true}
	}
	return out
}

func (g *GitHub) addLabels(x *exchange) reply {
	return g.change(x, func(s *subject) reply {
		names, out, ok := x.names()
		if !ok {
			return out
		}
		fresh := 0
		for _, name := range names {
			if !s.has(name) {
				fresh++
			}
		}
		if len(s.labels)+fresh > labelsPerSubject {
			return invalid("Issue", "labels", "custom", "issues can have at most 100 labels")
		}
		for _, name := range names {
			g.attach(s, x.actor, name)
		}
		return reply{}
	})
}

func (g *GitHub) setLabels(x *exchange) reply {
	return g.change(x, func(s *subject) reply {
		names, out, ok := x.names()
		if ok {
			g.replace(x, s, names)
		}
		return out
	})
}

func (g *GitHub) replace(x *exchange, s *subject, names []string) {
	for _, old := range append([]string(nil), s.labels...) {
		keep := false
		for _, name := range names {
			keep = keep || equalName(name, old)
		}
		if !keep {
			g.detach(s, x.actor, old)
		}
	}
	for _, name := range names {
		g.attach(s, x.actor, name)
	}
}

func (g *GitHub) clearLabels(x *exchange) reply {
	return g.change(x, func(s *subject) reply {
		g.replace(x, s, nil)
		return reply{status: http.StatusNoContent, effect: true}
	})
}

func (g *GitHub) removeLabel(x *exchange) reply {
	return g.change(x, func(s *subject) reply {
		if !g.detach(s, x.actor, x.vars["name"]) {
			return failure(http.StatusNotFound, "Label does not exist")
		}
		return reply{}
	})
}
