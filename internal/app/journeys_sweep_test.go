package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"hls/internal/sweep"
	"hls/internal/web"
)

var sweepSteps = map[string]func(*journey, []string){"sweep": (*journey).sweep}

// sweep [apply] [comment] [older DURATION] [most N] sweeps by hand, and notes what was found and what was passed over.
func (j *journey) sweep(w []string) {
	q := web.Sweep{Apply: slices.Contains(w, "apply"), Comment: slices.Contains(w, "comment"), OlderThan: "0s"}
	for i, word := range w[:max(0, len(w)-1)] {
		switch word {
		case "older":
			q.OlderThan = w[i+1]
		case "most":
			q.Most = number(j.t, w[i+1])
		}
	}
	report := j.swept(q)
	for _, f := range report.Found {
		title := fmt.Sprintf("swept #%d", f.Number)
		fmt.Fprintf(&j.got, "%s: %s", title, f.Outcome)
		if f.Reason != "" {
			fmt.Fprintf(&j.got, " (%s)", f.Reason)
		}
		j.got.WriteByte('\n')
		if f.TaskID != 0 {
			task, err := j.app.Store().Task(j.t.Context(), f.TaskID)
			if err != nil {
				j.t.Fatal(err)
			}
			j.titles[task.DeliveryID] = title
			j.pending = append(j.pending, task.DeliveryID)
		}
	}
	for _, r := range report.Repositories {
		fmt.Fprintf(&j.got, "passed over of %d: %v\n", r.Open, r.Passed)
	}
}

// swept has the service sweep by hand.
func (s *service) swept(q web.Sweep) (report sweep.Report) {
	s.t.Helper()
	code, text := s.postAdmin("/api/v1/sweep", q)
	if code != http.StatusOK {
		s.t.Fatalf("sweep: %d %s", code, text)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		s.t.Fatal(err)
	}
	return report
}

func (s *service) postAdmin(path string, q any) (int, []byte) {
	s.t.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, bytes.TrimSpace(text)
}
