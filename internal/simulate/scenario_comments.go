package simulate

import "hls/internal/hls"

// says is the step of a comment on an issue or pull request.
func (s *Scenario) says(n, number int, login, body string, step Step) Step {
	step.Number = number
	step.prepare = func() Delivery {
		s.Hub.CommentAs(s.Repo, number, login, body)
		return Delivery{Event: "issue_comment", GUID: guid(n), Payload: s.Hub.CommentPayload(s.Repo, number, "created", login)}
	}
	return step
}

// commentSteps are comments: an answer to a question of HLS, and commands.
func (s *Scenario) commentSteps() []Step {
	return []Step{
		s.says(31, 213, "kurt", poem("Version 2.4.1. Steps: 1. Fill the cart. 2. Press Pay. The page says \"card refused\"."), Step{
			Title: "Comment: its author tells what HLS asked for", Expect: "another look, and the same comment says that it is answered",
			Want: taken().labels("bug").says(Comments),
		}),
		s.says(32, 203, "paul", "/hls explain How long does the search page take with filters?", Step{
			Title: "Comment: a maintainer asks for an explanation", Expect: "an answer that stands on a quote",
			Want: taken().labels("area-search").says(Comments),
		}),
		s.says(33, 195, "mallory", "/hls triage", Step{
			Title: "Comment: a stranger gives a command", Expect: "nothing at all",
			Want: taken().ends(hls.Skipped).says(Quiet),
		}),
	}
}
