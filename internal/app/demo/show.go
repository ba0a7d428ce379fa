package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hls/internal/simulate"
)

func describe(d simulate.Delivery) string {
	var payload struct {
		Action string `json:"action"`
		Number int    `json:"number"`
		Issue  struct {
			Number int `json:"number"`
		} `json:"issue"`
	}
	_ = json.Unmarshal(d.Payload, &payload)
	text := d.Event
	if payload.Action != "" {
		text += "." + payload.Action
	}
	if n := max(payload.Number, payload.Issue.Number); n > 0 {
		text += fmt.Sprintf(" #%d", n)
	}
	return text
}

func answerOf(body []byte) string {
	var answer struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(body, &answer)
	if answer.Reason != "" {
		return answer.Status + " (" + answer.Reason + ")"
	}
	return answer.Status
}

// Table prints what became of each delivery.
func Table(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DELIVERY\tEVENT\tDOOR\tOUTCOME\tTOOK\tAS EXPECTED")
	for _, r := range results {
		verdict := "yes"
		if r.Problem != "" {
			verdict = "NO: " + r.Problem
		}
		outcome := r.Outcome
		if outcome == "" {
			outcome = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%d %s\t%s\t%d ms\t%s\n", r.Step.Title, r.Event, r.Status, r.Answer, outcome, r.Took.Milliseconds(), verdict)
	}
	return t.Flush()
}

// JSON prints what became of each delivery, and what is not as it should be.
func (d *Demo) JSON(w io.Writer, results []Result) error {
	type row struct {
		Delivery     string `json:"delivery"`
		Event        string `json:"event"`
		Code         int    `json:"code"`
		Answer       string `json:"answer"`
		Outcome      string `json:"outcome,omitempty"`
		Milliseconds int64  `json:"milliseconds"`
		Problem      string `json:"problem,omitempty"`
	}
	rows := make([]row, 0, len(results))
	for _, r := range results {
		rows = append(rows, row{r.Step.Title, r.Event, r.Status, r.Answer, r.Outcome, r.Took.Milliseconds(), r.Problem})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"deliveries": rows, "problems": d.Misses(results)})
}

// Show prints what the issues and pull requests of the scenario look like now, as they would on GitHub.
func (d *Demo) Show(w io.Writer) {
	seen := map[int]bool{}
	for _, step := range d.scenario.Deliveries() {
		if step.Number == 0 || seen[step.Number] {
			continue
		}
		seen[step.Number] = true
		d.showSubject(w, step.Number)
	}
}

func (d *Demo) showSubject(w io.Writer, n int) {
	repo := d.scenario.Repo
	issue := d.github.Issue(repo, n)
	fmt.Fprintf(w, "\n%s#%d  %s  (%s, by %s)\n", repo, n, issue.Title, issue.State, issue.User.Login)
	if labels := d.github.Labels(repo, n); len(labels) > 0 {
		fmt.Fprintf(w, "  labels   %s\n", strings.Join(labels, ", "))
	}
	for _, c := range d.github.Comments(repo, n) {
		if c.User.Same(d.github.Self()) {
			fmt.Fprintf(w, "  comment  %s\n", block(c.Body))
		}
	}
	for _, r := range d.github.Reviews(repo, n) {
		by := ""
		if !r.User.Same(d.github.Self()) {
			by = " by " + r.User.Login
		}
		fmt.Fprintf(w, "  review%s   of %.7s\n           %s\n", by, r.CommitID, block(r.Body))
		for _, remark := range r.Remarks {
			fmt.Fprintf(w, "    %s:%d\n           %s\n", remark.Path, remark.EndLine, block(remark.Body))
		}
	}
}

// block indents a text below its heading and leaves out the hidden marker, as a browser does.
func block(text string) string {
	if i := strings.Index(text, "<!--"); i >= 0 {
		text = text[:i]
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n           ")
}
