package simulate

import "hls/internal/hls"

// The first commit of the pull request that is reviewed: it exports orders, with two mistakes.
const exportPatch = `@@ -1,6 +1,7 @@
 package orders
 
 import (
+	"fmt"
 	"database/sql"
 	"encoding/csv"
 	"io"
@@ -21,3 +22,17 @@ func (s *Store) Count() (int, error) {
 	err := s.db.QueryRow("SELECT count(*) FROM orders").Scan(&n)
 	return n, err
 }
+
+// Export writes the orders of one customer as CSV.
+func (s *Store) Export(w io.Writer, customer string) error {
+	query := fmt.Sprintf("SELECT id, total FROM orders WHERE customer = '%s'", customer)
+	rows, err := s.db.Query(query)
+	if err != nil {
+		return err
+	}
+	out := csv.NewWriter(w)
+	for rows.Next() {
+		_ = writeRow(out, rows)
+	}
+	return nil
+}
`

// The second commit mends the statement, leaves the ignored error, and brings a mistake of its own.
const exportPatch2 = `@@ -21,3 +21,17 @@ func (s *Store) Count() (int, error) {
 	err := s.db.QueryRow("SELECT count(*) FROM orders").Scan(&n)
 	return n, err
 }
+
+// Export writes the orders of one customer as CSV.
+func (s *Store) Export(w io.Writer, customer string) error {
+	rows, err := s.db.Query("SELECT id, total FROM orders WHERE customer = $1", customer)
+	if err != nil {
+		return err
+	}
+	out := csv.NewWriter(w)
+	for rows.Next() {
+		_ = writeRow(out, rows)
+	}
+	_ = rows.Close()
+	return nil
+}
`

const typoPatch = `@@ -8,5 +8,5 @@ Widget Shop
 
 ## Start
 
-Run ` + "`make serve`" + ` and open the the shop in a browser.
+Run ` + "`make serve`" + ` and open the shop in a browser.
 
`

// pullSteps are pull requests: one with mistakes that is pushed to again, a harmless one, and a bot's.
func (s *Scenario) pullSteps() []Step {
	export := PullRequestSeed{
		IssueSeed: IssueSeed{
			Number: 219, Title: "Add an export of orders", Author: "paul", AuthorAssociation: "COLLABORATOR",
			Body: "Writes the orders of a customer as CSV, for #195's dashboard.",
		},
		HeadRef: "export", Files: []hls.File{{Filename: "orders/store.go", Patch: exportPatch}},
		Checks: []Check{{Name: "test", Conclusion: "success"}, {Name: "lint", Conclusion: "failure"}},
	}
	typo := PullRequestSeed{
		IssueSeed: IssueSeed{Number: 220, Title: "Fix a typo in the README", Author: "nina", Body: "A word stands there twice."},
		HeadRef:   "typo", Files: []hls.File{{Filename: "README.md", Patch: typoPatch}},
		Checks: []Check{{Name: "test", Conclusion: "success"}},
	}
	bump := PullRequestSeed{
		IssueSeed: IssueSeed{Number: 221, Title: "Bump golang.org/x/text from 0.42.0 to 0.43.0", Author: "dependabot[bot]"},
		HeadRef:   "dependabot/x-text",
		Files:     []hls.File{{Filename: "go.mod", Patch: "@@ -5,3 +5,3 @@ go 1.26\n \n-require golang.org/x/text v0.42.0\n+require golang.org/x/text v0.43.0\n"}},
	}
	push := s.pulls(14, export, "synchronize", Step{
		Title: "… and a second commit: one mended, one new", Expect: "a review of the new commit that says only what is new",
		Want: taken().labels("size-S").says(Reviews),
	})
	return []Step{
		s.pulls(13, export, "opened", Step{
			Title: "Pull request: an export with mistakes", Expect: "a size label, and a review with remarks on the lines",
			Want: taken().ends(hls.Done, hls.Superseded).labels("size-S").says(Reviews),
		}),
		push,
		s.pulls(15, typo, "opened", Step{
			Title: "Pull request: a typo mended", Expect: "a size label, and nothing to say",
			Want: taken().labels("size-XS").says(Quiet),
		}),
		s.pulls(16, bump, "opened", Step{
			Title: "Pull request: by a bot", Expect: "ignored", Want: ignored("bot_sender").says(Quiet),
		}),
	}
}

// pulls is a step about a pull request: opened with its first commit, or synchronize with the second one of the export.
func (s *Scenario) pulls(n int, seed PullRequestSeed, action string, step Step) Step {
	step.Number = seed.Number
	step.prepare = func() Delivery {
		if action == "opened" {
			s.Hub.AddPullRequest(s.Repo, seed)
		} else {
			s.Hub.Push(s.Repo, seed.Number, []hls.File{{Filename: "orders/store.go", Patch: exportPatch2}})
		}
		body := s.Hub.PullRequestPayload(s.Repo, seed.Number, action, seed.Author, nil)
		return Delivery{Event: "pull_request", GUID: guid(n), Payload: body, Form: n%2 == 1}
	}
	return step
}
