package simulate

import (
	"encoding/base64"
	"fmt"
	"time"

	"hls/internal/hls"
)

// object is a JSON object as GitHub sends it.
type object map[string]any

// links makes the URLs in answers: api is the base that the client called, so that they can be followed.
type links struct{ api string }

func node(prefix string, id int64) string {
	return prefix + "_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "sim%09d", id))
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (l links) user(a hls.Account) object {
	return object{
		"login": a.Login, "id": a.ID, "node_id": node("U", a.ID), "avatar_url": htmlHost + "/avatars/" + a.Login,
		"gravatar_id": "", "url": l.api + "/users/" + a.Login, "html_url": htmlHost + "/" + a.Login,
		"type": a.Type, "user_view_type": "public", "site_admin": false,
	}
}

func (l links) repository(r *repository) object {
	at := l.api + "/repos/" + r.FullName
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	open := 0
	for _, s := range r.subjects {
		if s.State == "open" && !s.deleted {
			open++
		}
	}
	owner := l.user(r.Owner)
	return object{
		"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.FullName, "private": r.Private,
		"owner": owner, "html_url": htmlHost + "/" + r.FullName, "description": orNull(r.description),
		"fork": false, "url": at, "issues_url": at + "/issues{/number}", "pulls_url": at + "/pulls{/number}",
		"labels_url": at + "/labels{/name}", "hooks_url": at + "/hooks", "created_at": "2024-01-08T09:12:44Z",
		"updated_at": stamp(r.addedAt), "pushed_at": stamp(r.addedAt), "size": 1204, "stargazers_count": 212,
		"watchers_count": 212, "language": "Go", "has_issues": true, "forks_count": 17, "archived": r.Archived,
		"disabled": false, "open_issues_count": open, "open_issues": open, "visibility": visibility,
		"default_branch": r.DefaultBranch, "topics": []string{}, "license": nil, "is_template": false,
	}
}

func (l links) label(r *repository, d *label) object {
	return object{
		"id": d.id, "node_id": node("LA", d.id), "url": l.api + "/repos/" + r.FullName + "/labels/" + escape(d.Name),
		"name": d.Name, "color": d.Color, "default": false, "description": orNull(d.Description),
	}
}

func (l links) labels(s *subject) []object {
	out := []object{}
	for _, name := range s.labels {
		out = append(out, l.label(s.repo, s.repo.label(name)))
	}
	return out
}

func (l links) issue(s *subject) object {
	at := fmt.Sprintf("%s/repos/%s/issues/%d", l.api, s.repo.FullName, s.Number)
	o := object{
		"url": at, "repository_url": l.api + "/repos/" + s.repo.FullName, "labels_url": at + "/labels{/name}",
		"comments_url": at + "/comments", "events_url": at + "/events", "html_url": s.html(), "id": s.ID,
		"node_id": node("I", s.ID), "number": s.Number, "title": s.Title, "user": l.user(s.User),
		"labels": l.labels(s), "state": s.State, "locked": s.Locked, "assignee": nil, "assignees": []object{},
		"milestone": nil, "comments": len(s.comments), "created_at": stamp(s.CreatedAt),
		"updated_at": stamp(s.UpdatedAt), "closed_at": stamp(s.closedAt), "author_association": s.AuthorAssociation,
		"active_lock_reason": nil, "body": orNull(s.Body), "closed_by": nil, "timeline_url": at + "/timeline",
		"state_reason": orNull(s.StateReason), "performed_via_github_app": nil, "type": nil,
	}
	if s.State == "open" {
		o["closed_at"] = nil
	}
	if s.ClosedBy != nil {
		o["closed_by"] = l.user(*s.ClosedBy)
	}
	if s.pull != nil {
		o["draft"] = s.pull.draft
		o["pull_request"] = object{
			"url": l.pullURL(s), "html_url": s.html(), "diff_url": s.html() + ".diff",
			"patch_url": s.html() + ".patch", "merged_at": nil,
		}
	}
	return o
}

func (l links) pullURL(s *subject) string {
	return fmt.Sprintf("%s/repos/%s/pulls/%d", l.api, s.repo.FullName, s.Number)
}

func (l links) pull(s *subject) object {
	seen, at := s.pullView(), l.pullURL(s)
	repo := l.repository(s.repo)
	end := func(b hls.Branch) object {
		return object{
			"label": s.repo.Owner.Login + ":" + b.Ref, "ref": b.Ref, "sha": b.SHA, "user": repo["owner"], "repo": repo,
		}
	}
	o := l.issue(s)
	for _, name := range []string{"labels_url", "events_url", "timeline_url", "repository_url", "state_reason", "pull_request", "type", "closed_by", "performed_via_github_app"} {
		delete(o, name)
	}
	for name, value := range (object{
		"url": at, "node_id": node("PR", s.ID), "diff_url": s.html() + ".diff", "patch_url": s.html() + ".patch",
		"issue_url": fmt.Sprintf("%s/repos/%s/issues/%d", l.api, s.repo.FullName, s.Number),
		"draft":     s.pull.draft, "head": end(s.pull.head), "base": end(s.pull.base), "merged": s.pull.merged,
		"merged_at": s.mergedAt(), "merge_commit_sha": orNull(s.pull.mergeSHA), "mergeable": true, "mergeable_state": "clean",
		"requested_reviewers": []object{}, "requested_teams": []object{}, "auto_merge": nil,
		"review_comments": s.remarkCount(), "commits": len(s.pull.heads), "additions": seen.Additions,
		"deletions": seen.Deletions, "changed_files": seen.ChangedFiles, "commits_url": at + "/commits",
		"review_comments_url": at + "/comments", "maintainer_can_modify": false, "rebaseable": true,
	}) {
		o[name] = value
	}
	return o
}

func (s *subject) mergedAt() any {
	if !s.pull.merged {
		return nil
	}
	return stamp(s.closedAt)
}

func (s *subject) remarkCount() int {
	n := 0
	for _, r := range s.pull.reviews {
		n += len(r.remarks)
	}
	return n
}

func (l links) comment(c *comment) object {
	s := c.subject
	return object{
		"url": fmt.Sprintf("%s/repos/%s/issues/comments/%d", l.api, s.repo.FullName, c.ID), "html_url": c.HTMLURL,
		"issue_url": fmt.Sprintf("%s/repos/%s/issues/%d", l.api, s.repo.FullName, s.Number), "id": c.ID,
		"node_id": node("IC", c.ID), "user": l.user(c.User), "created_at": stamp(c.CreatedAt),
		"updated_at": stamp(c.UpdatedAt), "author_association": c.AuthorAssociation, "body": c.Body,
		"performed_via_github_app": nil,
	}
}

func (l links) review(s *subject, r *review) object {
	return object{
		"id": r.ID, "node_id": node("PRR", r.ID), "user": l.user(r.User), "body": r.Body, "state": r.State,
		"html_url": r.HTMLURL, "pull_request_url": l.pullURL(s), "author_association": s.repo.association(r.User),
		"submitted_at": stamp(r.at), "commit_id": r.CommitID,
		"_links": object{"html": object{"href": r.HTMLURL}, "pull_request": object{"href": l.pullURL(s)}},
	}
}

func (l links) remark(s *subject, r *review, m *remark) object {
	html := fmt.Sprintf("%s#discussion_r%d", s.html(), m.id)
	o := object{
		"url":                    fmt.Sprintf("%s/repos/%s/pulls/comments/%d", l.api, s.repo.FullName, m.id),
		"pull_request_review_id": r.ID, "id": m.id, "node_id": node("PRRC", m.id), "diff_hunk": m.hunk,
		"path": m.Path, "commit_id": r.CommitID, "original_commit_id": r.CommitID, "user": l.user(r.User),
		"body": m.Body, "created_at": stamp(r.at), "updated_at": stamp(r.at), "html_url": html,
		"pull_request_url": l.pullURL(s), "author_association": s.repo.association(r.User),
		"line": m.EndLine, "original_line": m.EndLine, "side": m.Side, "start_line": nil,
		"original_start_line": nil, "start_side": nil, "subject_type": "line", "position": 1,
	}
	if m.inReplyTo != 0 {
		o["in_reply_to_id"] = m.inReplyTo
	}
	if !m.edited.IsZero() {
		o["updated_at"] = stamp(m.edited)
	}
	if m.Line != m.EndLine {
		o["start_line"], o["original_start_line"], o["start_side"] = m.Line, m.Line, m.startSide
	}
	switch at := m.place(s, r); at {
	case m.EndLine:
	case 0: // outdated
		o["line"], o["start_line"], o["position"] = nil, nil, nil
	default:
		o["line"], o["start_line"] = at, nil
	}
	return o
}

func (l links) file(s *subject, f hls.File) object {
	blob := fmt.Sprintf("%s/%s/blob/%s/%s", htmlHost, s.repo.FullName, s.pull.head.SHA, f.Filename)
	o := object{
		"sha": commitName(f.Filename, f.Patch), "filename": f.Filename, "status": f.Status, "additions": f.Additions,
		"deletions": f.Deletions, "changes": f.Additions + f.Deletions, "blob_url": blob, "raw_url": blob,
		"contents_url": fmt.Sprintf("%s/repos/%s/contents/%s?ref=%s", l.api, s.repo.FullName, f.Filename, s.pull.head.SHA),
	}
	if f.Patch != "" {
		o["patch"] = f.Patch
	}
	if f.PreviousFilename != "" {
		o["previous_filename"] = f.PreviousFilename
	}
	return o
}

func (l links) event(s *subject, e *event) object {
	o := object{
		"id": e.id, "node_id": node("EV", e.id), "event": e.kind, "actor": l.user(e.actor), "commit_id": nil,
		"commit_url": nil, "created_at": stamp(e.at), "performed_via_github_app": nil,
		"url": fmt.Sprintf("%s/repos/%s/issues/events/%d", l.api, s.repo.FullName, e.id),
	}
	if e.label != "" {
		color := "ededed"
		if d := s.repo.label(e.label); d != nil {
			color = d.Color
		}
		o["label"] = object{"name": e.label, "color": color}
	}
	if e.kind == "closed" {
		o["state_reason"] = orNull(e.reason)
	}
	if e.kind == "renamed" {
		o["rename"] = object{"from": e.from, "to": e.to}
	}
	return o
}
