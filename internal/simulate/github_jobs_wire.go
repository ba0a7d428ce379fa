package simulate

import (
	"cmp"
	"fmt"

	"hls/internal/hls"
)

func (l links) job(r *repository, j *job) object {
	at := fmt.Sprintf("%s/repos/%s/actions/jobs/%d", l.api, r.FullName, j.ID)
	steps := []object{}
	for _, s := range j.Steps {
		steps = append(steps, object{
			"name": s.Name, "number": s.Number, "status": cmp.Or(s.Status, completed), "conclusion": cmp.Or(s.Conclusion, "success"),
		})
	}
	return object{
		"id": j.ID, "node_id": node("CR", j.ID), "run_id": j.RunID, "run_attempt": j.RunAttempt, "name": j.Name,
		"workflow_name": j.WorkflowName, "head_sha": j.HeadSHA, "head_branch": j.HeadBranch, "status": j.Status,
		"conclusion": orNull(j.Conclusion), "started_at": stamp(j.StartedAt), "completed_at": stamp(j.CompletedAt),
		"url": at, "html_url": j.HTMLURL, "steps": steps, "labels": []string{"ubuntu-latest"}, "runner_id": 1,
		"check_run_url": fmt.Sprintf("%s/repos/%s/check-runs/%d", l.api, r.FullName, j.ID),
		"run_url":       fmt.Sprintf("%s/repos/%s/actions/runs/%d", l.api, r.FullName, j.RunID),
	}
}

func (l links) check(r *repository, c *checkRun) object {
	pulls := []object{}
	for _, n := range c.PullRequests {
		pulls = append(pulls, object{"number": n, "url": fmt.Sprintf("%s/repos/%s/pulls/%d", l.api, r.FullName, n)})
	}
	return object{
		"id": c.ID, "node_id": node("CR", c.ID), "name": c.Name, "head_sha": c.SHA, "status": c.Status,
		"conclusion": orNull(c.Conclusion), "html_url": fmt.Sprintf("%s/%s/runs/%d", htmlHost, r.FullName, c.ID),
		"url":           fmt.Sprintf("%s/repos/%s/check-runs/%d", l.api, r.FullName, c.ID),
		"app":           object{"id": 4000 + len(c.App), "slug": c.App, "name": c.App},
		"pull_requests": pulls, "check_suite": object{"id": c.ID + 1, "head_sha": c.SHA},
		"output": object{
			"title": orNull(c.Title), "summary": orNull(c.Summary), "text": orNull(c.Text), "annotations_count": len(c.Annotations),
		},
	}
}

func (l links) commit(r *repository, sha, message string, author hls.Account) object {
	return object{
		"sha": sha, "node_id": node("C", int64(len(sha))), "html_url": fmt.Sprintf("%s/%s/commit/%s", htmlHost, r.FullName, sha),
		"url": fmt.Sprintf("%s/repos/%s/commits/%s", l.api, r.FullName, sha), "author": l.user(author),
		"commit": object{"message": message},
	}
}

// headRepository is that of a run: the repository itself, or the fork of someone.
func (l links) headRepository(r *repository, owner string) object {
	if owner == "" {
		return object{"id": r.ID, "name": r.Name, "full_name": r.FullName, "owner": l.user(r.Owner)}
	}
	fork := r.Owner
	fork.Login, fork.ID = owner, 0
	return object{"id": r.ID + 1, "name": r.Name, "full_name": owner + "/" + r.Name, "owner": l.user(fork), "fork": true}
}
