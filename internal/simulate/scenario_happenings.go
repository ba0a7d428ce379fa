package simulate

import "hls/internal/hls"

// happenings are the events of a scenario that are about neither an issue nor a pull request.
var happenings = []string{"release", "push", "deployment_status", "discussion", "gollum"}

const (
	shopRelease    = 88_001
	shopDeployment = 99_001
)

// seedHistory makes two releases, and what was merged between them.
func (s *Scenario) seedHistory() {
	g := s.Hub
	for n, title := range map[int]string{205: "Fix the prices on the search page", 206: "Remove the old export of orders"} {
		g.AddPullRequest(s.Repo, PullRequestSeed{IssueSeed: IssueSeed{Number: n, Title: title, Author: "paul", Age: 8 * day}})
	}
	g.AddCommit(s.Repo, CommitSeed{Message: "The shop as it was", Tag: "v2.4.1", Age: 30 * day})
	g.AddCommit(s.Repo, CommitSeed{Message: "Fix the prices on the search page (#205)", PullRequest: 205, Age: 7 * day})
	g.AddCommit(s.Repo, CommitSeed{
		Message: "Remove the old export of orders (#206)", PullRequest: 206, Age: 6 * day, Tag: "v2.4.2",
		Files: []hls.File{{Filename: "orders/clean.go", Status: "modified", Patch: poem(
			"@@ -10,2 +10,3 @@ func clean(db *sql.DB) error {", " \ttx := begin(db)", "+\ttx.Exec(`DROP TABLE old_orders`)", " \treturn tx.Commit()")}},
	})
	g.AddRelease(s.Repo, ReleaseSeed{Tag: "v2.4.1", Name: "2.4.1", Author: "mona", Age: 30 * day})
	g.AddRelease(s.Repo, ReleaseSeed{ID: shopRelease, Tag: "v2.4.2", Name: "2.4.2", Author: "mona", Body: "Fixes the prices on the search page (#205)."})
	g.AddDeployment(s.Repo, DeploymentSeed{ID: shopDeployment, Ref: "v2.4.2", Environment: "production", Creator: "paul"})
	g.AddDeploymentStatus(s.Repo, shopDeployment, "failure", "The health check timed out after 300 s")
}

func (s *Scenario) happeningSteps() []Step {
	read := "read and kept for people; nothing is posted unless the settings ask for it"
	return []Step{
		{
			Title: "A release whose notes leave something out", Expect: read, Want: taken(),
			prepare: func() Delivery {
				return Delivery{Event: "release", GUID: guid(51), Payload: s.Hub.ReleasePayload(s.Repo, shopRelease, "published", "mona", nil)}
			},
		},
		{
			Title: "A push to the default branch", Expect: read, Want: taken(),
			prepare: func() Delivery {
				return Delivery{Event: "push", GUID: guid(52), Payload: s.Hub.PushPayload(s.Repo, "paul", 1)}
			},
		},
		{
			Title: "A deployment that failed", Expect: read, Want: taken(),
			prepare: func() Delivery {
				return Delivery{Event: "deployment_status", GUID: guid(53), Payload: s.Hub.DeploymentPayload(s.Repo, shopDeployment, "paul")}
			},
		},
		{
			Title: "A discussion", Expect: read, Want: taken(),
			prepare: func() Delivery {
				more := map[string]any{"discussion": object{
					"id": 77_001, "number": 230, "title": "Checkout crashes on the new phone", "body": "It closes when I press Pay.", "state": "open",
					"locked": false, "category": object{"name": "Help", "slug": "help"}, "user": object{"id": 5, "login": "rita", "type": "User"},
				}}
				return Delivery{Event: "discussion", GUID: guid(54), Payload: s.Hub.EventPayload(s.Repo, "created", "rita", more)}
			},
		},
		{
			Title: "A page of the wiki", Expect: "analyzed and kept for people, as any other event", Want: taken(),
			prepare: func() Delivery {
				more := map[string]any{"pages": []object{{"page_name": "Home", "title": "Home", "action": "edited"}}}
				return Delivery{Event: "gollum", GUID: guid(34), Payload: s.Hub.EventPayload(s.Repo, "", "mona", more)}
			},
		},
	}
}
