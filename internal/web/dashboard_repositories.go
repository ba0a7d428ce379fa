package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web/ui"
)

// Rule is what the settings in force say of a repository, for people to read. It has no secrets.
type Rule struct {
	Entry    string // of repositories that applies: a name or a glob
	Disabled bool
	Mode     hls.Mode   // of effects, where all kinds that may be done have the same; "" otherwise
	Modes    []KindMode // of the kinds that may be done
	Events   []string
	Settings []Setting
}

// KindMode is what becomes of effects of a kind.
type KindMode struct {
	Kind hls.EffectKind
	Mode hls.Mode
}

// Setting is one of the settings that decide, as it is in force.
type Setting struct{ Key, Value string }

// mostRepositories is how many repositories the page lists.
const mostRepositories = 200

// directory is the page of repositories.
type directory struct {
	Name  string // a part of what their names have to have
	Rows  []place
	More  int // that are not listed
	Rules []string
}

// place is one repository.
type place struct {
	Repo       string
	Rule       Rule
	Known      bool // the settings say something of it
	Deliveries int64
	MicroUSD   int64
	Labels     hls.LabelTally
}

// Decided tells whether people made anything of its labels.
func (p place) Decided() bool { return p.Labels.Kept+p.Labels.Overridden > 0 }

// Agreement is the share of what people left as HLS had set it.
func (p place) Agreement() float64 { return agreement(p.Labels) }

func agreement(t hls.LabelTally) float64 { return share(int64(t.Kept), int64(t.Kept+t.Overridden)) }

func (s *Server) repositoriesPage(r *http.Request, _ caller) (shown, error) {
	stats, err := s.deps.Store.Stats(r.Context())
	if err != nil {
		return shown{}, err
	}
	body := directory{Name: strings.TrimSpace(r.URL.Query().Get("name"))}
	for _, repo := range known(stats, s.deps.Repositories()) {
		if strings.Contains(hls.Fold(repo), hls.Fold(body.Name)) {
			body.Rows = append(body.Rows, place{Repo: repo, Deliveries: stats.Repos[repo], MicroUSD: stats.RepoSpend[repo]})
		}
	}
	slices.SortFunc(body.Rows, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.Deliveries, a.Deliveries), cmp.Compare(a.Repo, b.Repo))
	})
	body.More = max(len(body.Rows)-mostRepositories, 0)
	body.Rows = body.Rows[:len(body.Rows)-body.More]
	tallies := map[string]hls.LabelTally{}
	for _, l := range stats.Labels {
		sum := tallies[l.Repo]
		tallies[l.Repo] = hls.LabelTally{Kept: sum.Kept + l.Kept, Overridden: sum.Overridden + l.Overridden}
	}
	for i := range body.Rows {
		row := &body.Rows[i]
		row.Labels = tallies[row.Repo]
		row.Rule, row.Known = s.rule(row.Repo)
	}
	for _, name := range s.deps.Repositories() {
		if strings.ContainsAny(name, "*?[{") {
			body.Rules = append(body.Rules, name)
		}
	}
	return shown{name: "repositories", here: ui.Repositories, title: "Repositories", body: body}, nil
}

// known are the repositories that deliveries came of, and those that the settings name.
func known(stats record.Stats, entries []string) []string {
	all := map[string]string{} // by folded name
	for repo := range stats.Repos {
		if ui.Repository(repo) != "" {
			all[hls.Fold(repo)] = repo
		}
	}
	for _, name := range entries {
		if _, there := all[hls.Fold(name)]; !there && ui.Repository(name) != "" {
			all[hls.Fold(name)] = name
		}
	}
	list := make([]string, 0, len(all))
	for _, repo := range all {
		list = append(list, repo)
	}
	return list
}

func (s *Server) rule(repo string) (Rule, bool) {
	if s.deps.Rule == nil {
		return Rule{}, false
	}
	return s.deps.Rule(repo)
}

// mostProblems is how many of the last problems are shown.
const mostProblems = 10

// chronicle is the page of one repository.
type chronicle struct {
	place
	ByLabel  []record.LabelCount
	Problems []Listed
	Lately   Overrides
}

// Rate is the share of what people left of a label as HLS had set it.
func (chronicle) Rate(l record.LabelCount) float64 { return agreement(l.LabelTally) }

func (s *Server) repositoryPage(r *http.Request, _ caller) (shown, error) {
	repo := r.PathValue("owner") + "/" + r.PathValue("name")
	stats, err := s.deps.Store.Stats(r.Context())
	if err != nil {
		return shown{}, err
	}
	body := chronicle{place: place{Repo: repo, Deliveries: stats.Repos[repo], MicroUSD: stats.RepoSpend[repo]}}
	body.Rule, body.Known = s.rule(repo)
	if _, came := stats.Repos[repo]; ui.Repository(repo) == "" || !came && !body.Known {
		return shown{}, &Refused{http.StatusNotFound, "no delivery came of this repository, and no entry of repositories has it"}
	}
	for _, l := range mostOverridden(slices.DeleteFunc(slices.Clone(stats.Labels), func(l record.LabelCount) bool { return l.Repo != repo })) {
		body.ByLabel = append(body.ByLabel, l)
		body.Labels.Kept, body.Labels.Overridden = body.Labels.Kept+l.Kept, body.Labels.Overridden+l.Overridden
	}
	q := record.Query{Repo: repo, State: hls.Parked, Limit: mostProblems}
	if q.After, err = s.deps.Store.Reach(r.Context(), q, mostSearched); err != nil {
		return shown{}, err
	}
	rows, err := s.deps.Store.List(r.Context(), q)
	if err != nil {
		return shown{}, err
	}
	for _, row := range rows {
		body.Problems = append(body.Problems, s.log().listed(row))
	}
	if body.Lately, err = s.labels().Overrides(r.Context(), url.Values{"repository": {repo}}.Encode()); err != nil {
		return shown{}, err
	}
	body.Lately.Labels = body.Lately.Labels[:min(len(body.Lately.Labels), mostLabels)]
	return shown{name: "repository", here: ui.Repositories, title: repo, body: body}, nil
}
