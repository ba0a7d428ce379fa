package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Labels tells what people make of labels: the API answers it, and hls labels overrides prints it.
type Labels struct {
	Store    record.Store
	Demotion func(repo string) hls.Demotion // by the settings in force
	Now      func() time.Time
}

// Overrides is what became of the labels of a repository lately.
type Overrides struct {
	Repository string     `json:"repository"`
	Since      time.Time  `json:"since"`
	AtLeast    int        `json:"demoted_at_least"`   // applied so often before a label is judged; 0 demotes none
	Share      float64    `json:"demoted_overridden"` // of those, taken off by people
	Labels     []Override `json:"labels"`
}

// Override is what became of one label.
type Override struct {
	record.LabelUse
	Demoted string `json:"demoted,omitempty"` // why it waits for approval; "" while it is set without
}

// Reset asks for the past of a label to be forgotten.
type Reset struct {
	Repository string `json:"repository"`
	Label      string `json:"label"`
	By         string `json:"-"`
}

// Forgotten is what was.
type Forgotten struct {
	Labels []record.LabelUse `json:"labels"`
}

// Overrides reads what became of the labels of a repository. The query is that of the API's address.
func (l Labels) Overrides(ctx context.Context, query string) (Overrides, error) {
	form, err := url.ParseQuery(query)
	if err != nil || len(form) != 1 || len(form["repository"]) != 1 || form.Get("repository") == "" {
		return Overrides{}, &Refused{http.StatusBadRequest, "want a repository, as ?repository=owner/repo"}
	}
	repo := form.Get("repository")
	policy := l.Demotion(repo)
	out := Overrides{
		Repository: repo, Since: l.Now().Add(-hls.DemotionWindow).UTC().Truncate(24 * time.Hour), AtLeast: policy.AtLeast, Share: policy.Share,
		Labels: []Override{},
	}
	uses, err := l.Store.LabelUses(ctx, record.LabelQuery{Repo: repo, Since: out.Since})
	for _, u := range uses {
		o := Override{LabelUse: u}
		if policy.Demotes(u.LabelTally) {
			o.Demoted = u.Demoted()
		}
		out.Labels = append(out.Labels, o)
	}
	return out, err
}

// Reset forgets the past of a label.
func (l Labels) Reset(ctx context.Context, what Reset) (Forgotten, error) {
	if what.Repository == "" || what.Label == "" {
		return Forgotten{}, &Refused{http.StatusBadRequest, "want a repository and a label"}
	}
	uses, err := l.Store.ForgetLabel(ctx, what.Repository, what.Label, what.By)
	if errors.Is(err, hls.ErrNotFound) {
		return Forgotten{}, &Refused{http.StatusNotFound, fmt.Sprintf("nothing is known of the label %q in %s", what.Label, what.Repository)}
	}
	return Forgotten{uses}, err
}

func (s *Server) labels() Labels {
	demotion := s.deps.Demotion
	if demotion == nil {
		demotion = func(string) hls.Demotion { return hls.Demotion{} }
	}
	return Labels{s.deps.Store, demotion, s.now}
}

// overrides answers what people make of labels.
func (s *Server) overrides(w http.ResponseWriter, r *http.Request) {
	out, err := s.labels().Overrides(r.Context(), r.URL.RawQuery)
	s.reply(w, r, out, err)
}

// resetLabel forgets the past of a label.
func (s *Server) resetLabel(w http.ResponseWriter, r *http.Request) {
	what := Reset{By: Operator}
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&what); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": "want a JSON object with repository and label"})
		return
	}
	out, err := s.labels().Reset(r.Context(), what)
	s.reply(w, r, out, err)
}
