package simulate

import "hls/internal/hls"

const cachePatch = `@@ -4,3 +4,9 @@ package search
 
 var results = map[string][]Widget{}
 
+// Find looks for widgets whose names contain the words.
+func (i *Index) Find(words string) []Widget {
+	if found, ok := results[words]; ok {
+		return found
+	}
+	results[words] = i.scan(words)
`

// reviewSteps are a pull request that a maintainer reviews.
func (s *Scenario) reviewSteps() []Step {
	return []Step{{
		Title: "A maintainer asks for changes", Number: 223,
		Expect: "a label, and one comment that lists what is asked for",
		Want:   taken().labels("status/needs-changes").says(Comments),
		prepare: func() Delivery {
			s.Hub.AddPullRequest(s.Repo, PullRequestSeed{
				IssueSeed: IssueSeed{Number: 223, Title: "Remember what was searched for", Author: "paul", Body: "Makes #203 faster."},
				HeadRef:   "remember", Files: []hls.File{{Filename: "search/index.go", Patch: cachePatch}},
			})
			r := s.Hub.ReviewAs(s.Repo, 223, "mona", ReviewSeed{
				State: "CHANGES_REQUESTED", Body: "A good idea. Please add a test for words that find nothing.",
				Remarks: []hls.Remark{
					{Path: "search/index.go", Line: 9, Body: "Could you guard the map with a lock?"},
					{Path: "search/index.go", Line: 8, Body: "Nice and short."},
				},
			})
			body := s.Hub.ReviewPayload(s.Repo, 223, r.ID, "submitted", "mona")
			return Delivery{Event: "pull_request_review", GUID: guid(41), Payload: body}
		},
	}}
}
