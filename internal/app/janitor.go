package app

import (
	"context"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
)

// tidyEvery is how often the record is looked through for what retention no longer keeps.
const tidyEvery = time.Minute

// tidy ages texts out until ctx ends.
func (a *App) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		a.purge(ctx, cutoff(a.house.Load().settings, time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// cutoff is what the settings call old. With features.save_analyses off, the texts of an analysis go once its task has
// ended: until then they are what keeps Claude from being paid twice.
func cutoff(s *config.Settings, now time.Time) record.Cutoff {
	var c record.Cutoff
	if keep := s.Storage.Retention.Payloads; keep > 0 {
		c.Payloads = now.Add(-keep)
	}
	if keep := s.Storage.Retention.Analyses; keep > 0 {
		c.Analyses = now.Add(-keep)
	}
	if keep := s.Storage.Retention.Records; keep > 0 {
		c.Records = now.Add(-keep)
	}
	if keep := s.Storage.Retention.Audit; keep > 0 {
		c.Audit = now.Add(-keep)
	}
	if !s.Features.SaveAnalyses {
		c.Analyses = now
	}
	return c
}

// purge goes in small steps, so that deliveries get in between.
func (a *App) purge(ctx context.Context, c record.Cutoff) {
	if c == (record.Cutoff{}) {
		return
	}
	for ctx.Err() == nil {
		more, err := a.store.Purge(ctx, c)
		if err != nil && ctx.Err() == nil {
			a.log.Error("old texts cannot be removed", hls.KeyError, err.Error())
		}
		if err != nil || !more {
			return
		}
	}
}

// setUpLabels creates the labels that the settings name for exactly named repositories, when
// features.auto_setup_labels asks for it. What fails is logged: the service works without.
func (a *App) setUpLabels(ctx context.Context, s *config.Settings) {
	if !s.Features.AutoSetupLabels || s.Features.DryRun {
		return
	}
	a.labeling.Lock()
	defer a.labeling.Unlock()
	for _, r := range s.Repositories {
		rule, ok := a.house.Load().rooms.Router.Rule(r.Name)
		if !ok || hls.IsGlob(r.Name) || rule.DryRun || !rule.Labels.CreateMissing {
			continue
		}
		subject := hls.Subject{Repo: r.Name, Kind: hls.KindOther}
		if len(r.WebhookSecret) > 0 {
			subject.Scope = r.Name // as the door has it
		}
		if err := a.setUp(ctx, subject, rule.Labels.Categories); err != nil && ctx.Err() == nil {
			a.log.Error("labels cannot be set up", hls.KeyRepo, r.Name, hls.KeyError, err.Error())
		}
	}
}

func (a *App) setUp(ctx context.Context, s hls.Subject, categories []hls.Category) error {
	if len(categories) == 0 {
		return nil
	}
	present, err := a.doors.github.Labels(ctx, s.Repo)
	if err != nil {
		return err
	}
	lacking := missing(categories, present)
	if len(lacking) == 0 {
		return nil
	}
	repo, err := a.doors.github.Repository(ctx, s)
	if err != nil {
		return err
	}
	s.RepoID = repo.ID
	for _, l := range lacking {
		gone, err := a.store.Recall(ctx, hls.Recall{Subject: s.LabelSet(), Kind: hls.LabelGone, Key: hls.Fold(l.Name), Limit: 1})
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			a.log.Info("label not created: a person deleted or renamed it", hls.KeyRepo, s.Repo, "label", l.Name)
			continue
		}
		if err := a.doors.github.CreateLabel(ctx, s.Repo, l); err != nil {
			return err
		}
		a.log.Info("label created", hls.KeyRepo, s.Repo, "label", l.Name)
	}
	return nil
}

// missing are the configured labels that the repository lacks; GitHub does not tell names apart by case.
func missing(categories []hls.Category, present []hls.Label) []hls.Label {
	has := map[string]bool{}
	for _, l := range present {
		has[hls.Fold(l.Name)] = true
	}
	var lacking []hls.Label
	for _, c := range categories {
		for _, l := range c.Labels {
			if name := hls.Fold(l.Name); !has[name] {
				has[name] = true
				lacking = append(lacking, l)
			}
		}
	}
	return lacking
}
