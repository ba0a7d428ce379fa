package simulate

import (
	"net/http"
	"strings"
)

func (g *GitHub) pullRequest(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	accept := x.r.Header.Get("Accept")
	if strings.Contains(accept, ".diff") || strings.Contains(accept, ".patch") {
		raw := []byte(unified(s.files()))
		return reply{status: http.StatusOK, raw: raw, media: "application/vnd.github.diff; charset=utf-8"}
	}
	return reply{status: http.StatusOK, body: x.as.pull(s)}
}

// maxFiles is how many files GitHub lists of one pull request.
const maxFiles = 3000

func (g *GitHub) pullFiles(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for _, f := range s.files() {
		if len(items) < maxFiles {
			items = append(items, x.as.file(s, f))
		}
	}
	return x.list(items)
}

// checks finds the results at a commit; ok is false when no pull request ever had it as its head.
func (x *exchange) checks() (checks []Check, ok bool) {
	sha := x.vars["sha"]
	for _, s := range x.repo.subjects {
		if s.pull == nil {
			continue
		}
		if _, known := s.pull.files[sha]; known {
			return s.pull.checks[sha], true
		}
	}
	return nil, false
}

func noCommit(sha string) reply {
	return failure(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
}

func (g *GitHub) commitStatus(x *exchange) reply {
	checks, ok := x.checks()
	if !ok {
		return noCommit(x.vars["sha"])
	}
	state, statuses := "pending", []object{}
	for _, c := range checks {
		if !c.Status {
			continue
		}
		one := "pending"
		switch c.Conclusion {
		case "success", "failure", "error":
			one = c.Conclusion
		}
		if len(statuses) == 0 || one != "success" {
			state = one
		}
		statuses = append(statuses, object{"context": c.Name, "state": one, "description": "simulated", "target_url": nil})
	}
	return reply{status: http.StatusOK, body: object{
		"state": state, "statuses": statuses, "sha": x.vars["sha"], "total_count": len(statuses),
		"repository": x.as.repository(x.repo), "commit_url": x.as.api + x.path, "url": x.as.api + x.path,
	}}
}

func (g *GitHub) checkRuns(x *exchange) reply {
	checks, ok := x.checks()
	if !ok {
		return noCommit(x.vars["sha"])
	}
	runs := []object{}
	for i, c := range checks {
		if c.Status {
			continue
		}
		status := "completed"
		if c.Conclusion == "" {
			status = "in_progress"
		}
		id := int64(7_000_000 + i)
		runs = append(runs, object{
			"id": id, "node_id": node("CR", id), "name": c.Name, "head_sha": x.vars["sha"], "status": status,
			"conclusion": orNull(c.Conclusion), "started_at": stamp(g.now()), "completed_at": stamp(g.now()),
			"html_url": htmlHost + "/" + x.repo.FullName + "/actions", "app": object{"id": 15368, "slug": "github-actions"},
			"output": object{"title": nil, "summary": nil},
		})
	}
	total := len(runs)
	out := x.list(runs)
	out.body = object{"total_count": total, "check_runs": out.body}
	return out
}
