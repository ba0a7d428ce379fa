package handler

import (
	"slices"

	"hls/internal/hls"
)

// standing is the label that the reviews of a pull request give it, with the reason; "" for none.
func (v reviewed) standing(pr hls.PullRequest, p hls.ReviewPolicy) (name, why string) {
	approvedBy := ""
	for _, review := range v.words() {
		switch {
		case !v.writers[review.User.ID]:
		case review.State == stateChanges:
			return p.NeedsChanges, review.User.Login + " asks for changes"
		case review.State == stateApproved && approvedBy == "":
			approvedBy = review.User.Login
		}
	}
	switch {
	case approvedBy != "":
		return p.Approved, approvedBy + " approves, and nobody asks for changes"
	case !pr.Draft:
		return p.NeedsReview, "nobody with write access approves or asks for changes"
	}
	return "", ""
}

// planStanding sets the label for where the reviews stand, and takes away those of HLS's own that tell otherwise.
func planStanding(d *draft, f hls.Facts, v reviewed, r hls.Rule) {
	if v.Unknown {
		d.drop("label of the reviews", "permissions_unreadable")
		return
	}
	l := newLabeler(r, f, f.PullRequest.Labels)
	names := l.apart(r.Reviews.NeedsChanges, r.Reviews.Approved, r.Reviews.NeedsReview)
	wanted, why := v.standing(*f.PullRequest, r.Reviews)
	var proposals []proposal
	if slices.Contains(names, hls.Fold(wanted)) {
		proposals = []proposal{{name: wanted, confidence: 1, proven: true, why: why}}
	}
	c := l.choose(proposals)
	for _, name := range names {
		again := slices.ContainsFunc(c.remove, func(gone hls.Label) bool { return hls.Fold(gone.Name) == name })
		if name != hls.Fold(wanted) && l.mine[name] && !again && l.policy.AutoApply {
			c.remove = append(c.remove, l.allowed[name])
		}
	}
	d.label(c, r.Labels)
}

// apart makes labels exclude one another, unless they are of one exclusive group already, and returns those that may be
// set, by folded name.
func (l *labeler) apart(names ...string) []string {
	var fit []string
	groups := map[string]bool{}
	for _, name := range names {
		name = hls.Fold(name)
		if _, ok := l.allowed[name]; ok {
			fit = append(fit, name)
			groups[l.groups[name]] = true
		}
	}
	if len(groups) == 1 && !groups[""] {
		return fit
	}
	for _, name := range fit {
		l.groups[name] = "reviews"
	}
	return fit
}
