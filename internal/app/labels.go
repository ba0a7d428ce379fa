package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/route"
)

// LabelRequest asks for the labels of one repository.
type LabelRequest struct {
	Repo  string
	Apply bool // otherwise only tell what would be done
}

// LabelPlan is what is, or was, done about them. Nothing is ever deleted or changed.
type LabelPlan struct {
	Repo    string            `json:"repository"`
	Named   int               `json:"named"` // by the settings
	Create  []hls.Label       `json:"create"`
	Differs []LabelDifference `json:"differs"`
	Applied bool              `json:"applied"`
}

// LabelDifference is where a label is not as the settings have it.
type LabelDifference struct {
	Label    string `json:"label"`
	What     string `json:"what"`
	OnGitHub string `json:"on_github"`
	Settings string `json:"settings"`
}

// SyncLabels creates the labels that the settings name for a repository and that it lacks, or tells which those are.
func SyncLabels(ctx context.Context, s *config.Settings, q LabelRequest) (LabelPlan, error) {
	router, err := newRouter(s)
	if err != nil {
		return LabelPlan{}, err
	}
	rule, verdict := router.Match(hls.Event{Repo: hls.Repository{FullName: q.Repo}}, hls.Account{})
	if verdict.Reason == route.RepositoryNotConfigured {
		return LabelPlan{}, fmt.Errorf("%w: the settings name no labels for %s: repositories has no entry for it", ErrRequest, q.Repo)
	}
	gh, err := github.New(s.GitHub.Config, func(repo string) hls.Secret {
		token, _ := router.Token(repo)
		return token
	})
	if err != nil {
		return LabelPlan{}, fmt.Errorf("%w: github: %w", ErrSettings, err)
	}
	plan, err := planLabels(ctx, gh, q.Repo, rule)
	if err != nil || !q.Apply {
		return plan, err
	}
	for i, l := range plan.Create {
		if err := gh.CreateLabel(ctx, q.Repo, l); err != nil {
			plan.Create = plan.Create[:i]
			return plan, fmt.Errorf("create label %q: %w", l.Name, err)
		}
	}
	plan.Applied = true
	return plan, nil
}

func planLabels(ctx context.Context, gh *github.Client, repo string, rule hls.Rule) (LabelPlan, error) {
	plan := LabelPlan{Repo: repo, Create: []hls.Label{}, Differs: []LabelDifference{}}
	categories := named(rule)
	for _, c := range categories {
		plan.Named += len(c.Labels)
	}
	if plan.Named == 0 {
		return plan, nil
	}
	present, err := gh.Labels(ctx, repo)
	if err != nil {
		return plan, fmt.Errorf("read labels of %s: %w", repo, err)
	}
	for _, l := range missing(categories, present) {
		l.Color = colorOf(l)
		plan.Create = append(plan.Create, l)
	}
	byName := map[string]hls.Label{}
	for _, l := range present {
		byName[hls.Fold(l.Name)] = l
	}
	for _, c := range categories {
		for _, want := range c.Labels {
			if has, ok := byName[hls.Fold(want.Name)]; ok {
				plan.Differs = append(plan.Differs, unlike(has, want)...)
			}
		}
	}
	return plan, nil
}

// named are the labels that a rule names: its categories, and those that stand by themselves.
func named(rule hls.Rule) []hls.Category {
	categories := append([]hls.Category{}, rule.Labels.Categories...)
	for _, name := range []string{rule.Labels.NeedsInformation, rule.Security.Label} {
		if name != "" && !names(categories, name) {
			categories = append(categories, hls.Category{Labels: []hls.Label{{Name: name}}})
		}
	}
	return categories
}

func names(categories []hls.Category, name string) bool {
	for _, c := range categories {
		for _, l := range c.Labels {
			if hls.Fold(l.Name) == hls.Fold(name) {
				return true
			}
		}
	}
	return false
}

// unlike tells where a label is not as it is wanted. What the settings leave open is as it may.
func unlike(has, want hls.Label) []LabelDifference {
	var out []LabelDifference
	if has.Name != want.Name {
		out = append(out, LabelDifference{has.Name, "name", has.Name, want.Name})
	}
	color := colorOf(want)
	if color != "" && !strings.EqualFold(has.Color, color) {
		out = append(out, LabelDifference{has.Name, "color", cmp.Or(strings.ToLower(has.Color), "none"), color})
	}
	if want.Description != "" && has.Description != want.Description {
		out = append(out, LabelDifference{has.Name, "description", has.Description, want.Description})
	}
	return out
}

// colorOf is a label's color as GitHub writes it.
func colorOf(l hls.Label) string { return strings.ToLower(strings.TrimPrefix(l.Color, "#")) }

// labels looks for those that the settings name and a repository lacks.
func (p *inspection) labels(ctx context.Context) {
	doors, router := p.open(), p.router()
	if doors == nil || router == nil {
		return
	}
	seen := 0
	for i, r := range p.settings.Repositories {
		rule, ok := router.Rule(r.Name)
		if !ok || hls.IsGlob(r.Name) {
			continue
		}
		plan, err := planLabels(ctx, doors.github, r.Name, rule)
		if err != nil {
			continue // The examination of the repositories has said why.
		}
		seen += plan.Named - len(plan.Create)
		if len(plan.Create) > 0 {
			p.warn(fmt.Sprintf("repositories[%d].labels", i), "hls labels sync "+r.Name, "%s lacks %s", r.Name, listNames(plan.Create))
		}
	}
	if seen > 0 {
		p.tell("%d that the settings name are there", seen)
	}
}

func listNames(labels []hls.Label) string {
	const most = 10
	var texts []string
	for i, l := range labels {
		if i == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(labels)-most))
			break
		}
		texts = append(texts, l.Name)
	}
	return strings.Join(texts, ", ")
}

// router is that of the settings, nil when they make none: the examination of the templates has said why.
func (p *inspection) router() *route.Router {
	router, err := newRouter(p.settings)
	if err != nil {
		return nil
	}
	return router
}
