package claude

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

const batchBody = `{"id":"msgbatch_1","type":"message_batch","processing_status":%q,"created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-02T00:00:00Z",` +
	`"ended_at":null,"archived_at":null,"cancel_initiated_at":null,"results_url":null,"request_counts":{"processing":1,"succeeded":2,"errored":1,"canceled":0,"expired":0}}`

func batchIn(state string) string { return strings.Replace(batchBody, "%q", `"`+state+`"`, 1) }

// A batch is handed in as the API has it: each question with its name, and the very members that it would have by itself.
func TestABatchOnTheWire(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/batches") {
			answer(200, batchIn("in_progress"))(w, r)
			return
		}
		answer(200, message(text, `"end_turn"`))(w, r)
	})
	c := dial(t, s.URL)
	if _, err := c.Ask(t.Context(), question()); err != nil {
		t.Fatal(err)
	}
	state, err := c.Batch(t.Context(), []hls.BatchItem{{Name: "issue-1", Request: question()}, {Name: "issue-2", Request: question()}})
	if want := (hls.BatchState{ID: "msgbatch_1", All: 4, Finished: 3, Expires: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}); err != nil || state != want {
		t.Errorf("%+v, %v", state, err)
	}
	seen := s.seen()
	var single map[string]any
	var batch struct {
		Requests []struct {
			CustomID string         `json:"custom_id"`
			Params   map[string]any `json:"params"`
		} `json:"requests"`
	}
	if err := errors.Join(json.Unmarshal([]byte(seen[0].Body), &single), json.Unmarshal([]byte(seen[1].Body), &batch)); err != nil {
		t.Fatal(err)
	}
	if seen[1].Method != http.MethodPost || seen[1].Path != "/v1/messages/batches" || len(batch.Requests) != 2 || batch.Requests[1].CustomID != "issue-2" {
		t.Fatalf("%s %s %s", seen[1].Method, seen[1].Path, seen[1].Body)
	}
	a, _ := json.Marshal(single)
	b, _ := json.Marshal(batch.Requests[0].Params)
	if string(a) != string(b) {
		t.Errorf("by itself %s\nin a batch %s", a, b)
	}
}

// Each result is judged as an answer by itself would be, and costs half.
func TestS3_ResultsOfABatchCostHalf(t *testing.T) {
	t.Parallel()
	line := func(name, result string) string { return `{"custom_id":"` + name + `","result":` + result + `}` + "\n" }
	succeeded := func(content, stop string) string {
		return `{"type":"succeeded","message":` + message(content, stop) + `}`
	}
	s := serve(t, answer(200, line("bad", `{"type":"errored","error":{"type":"error","request_id":"r","error":{"type":"invalid_request_error","message":"no such thing"}}}`)+
		line("late", `{"type":"expired"}`)+line("refused", succeeded(`[]`, `"refusal"`))+line("good", succeeded(text, `"end_turn"`))))
	c := dial(t, s.URL)
	results := map[string]hls.BatchResult{}
	for r, err := range c.BatchResults(t.Context(), "msgbatch_1") {
		if err != nil {
			t.Fatal(err)
		}
		results[r.Name] = r
	}
	// 100 input tokens at 2 and 10 output tokens at 10 US dollars per million, halved.
	if r := results["good"]; r.Err != nil || r.Answer.Text != `{"a":1}` || r.Answer.Usage.CostMicroUSD != 150 {
		t.Errorf("%+v", r)
	}
	var unusable *hls.Unusable
	if r := results["refused"]; !errors.As(r.Err, &unusable) || unusable.Reason != "refusal" || unusable.Usage.CostMicroUSD != 150 {
		t.Errorf("%+v", r)
	}
	for name, reason := range map[string]string{"bad": "claude_invalid", "late": "claude_batch_expired"} {
		var final *hls.Permanent
		if r := results[name]; !errors.As(r.Err, &final) || final.Reason != reason || r.Answer.Usage != (hls.Usage{}) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := question()
	whole := c.Ceiling(r)
	if r.Batch = true; c.Ceiling(r) != (whole+1)/2 {
		t.Errorf("the most that it costs is %d, and in a batch %d", whole, c.Ceiling(r))
	}
}

// What goes wrong with a batch says whether there is one now.
func TestS3_ABatchThatFails(t *testing.T) {
	t.Parallel()
	items := []hls.BatchItem{{Name: "issue-1", Request: question()}}
	refused := `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`
	for name, test := range map[string]struct {
		answer    http.HandlerFunc
		ambiguous bool
	}{
		"refused":      {answer(400, refused), false},
		"overloaded":   {answer(529, `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`), false},
		"no id":        {answer(200, strings.Replace(batchIn("in_progress"), "msgbatch_1", "", 1)), true},
		"unreadable":   {answer(200, `{"id":`), true},
		"cut short":    {cutShort, true},
		"spend stop":   {answer(429, `{"type":"error","error":{"type":"rate_limit_error","message":"enforced_spend_limit_reached"}}`), false},
		"unauthorized": {answer(401, `{"type":"error","error":{"type":"authentication_error","message":"no"}}`), false},
	} {
		s := serve(t, test.answer)
		_, err := dial(t, s.URL).Batch(t.Context(), items)
		if err == nil || errors.Is(err, hls.ErrAmbiguous) != test.ambiguous {
			t.Errorf("%s: %v", name, err)
		}
		if contains(err.Error(), testKey) {
			t.Errorf("%s tells the key: %v", name, err)
		}
	}
	s := serve(t, answer(404, `{"type":"error","error":{"type":"not_found_error","message":"no"}}`))
	c := dial(t, s.URL)
	if _, err := c.BatchState(t.Context(), "msgbatch_none"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("%v", err)
	}
	for _, err := range c.BatchResults(t.Context(), "msgbatch_none") {
		if !errors.Is(err, hls.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
	s = serve(t, answer(200, batchIn("ended")))
	if state, err := dial(t, s.URL).BatchState(t.Context(), "msgbatch_1"); err != nil || !state.Ended {
		t.Errorf("%+v, %v", state, err)
	}
}

// After a spend stop no batch is handed in either.
func TestS3_ASpendStopHoldsBatchesBack(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(400, `{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}`))
	c := dial(t, s.URL)
	var stop *hls.SpendStop
	if _, err := c.Batch(t.Context(), []hls.BatchItem{{Name: "a", Request: question()}}); !errors.As(err, &stop) {
		t.Fatal(err)
	}
	if _, err := c.Ask(t.Context(), question()); !errors.As(err, &stop) || len(s.seen()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.seen()))
	}
	if _, err := c.Batch(t.Context(), []hls.BatchItem{{Name: "a", Request: question()}}); !errors.As(err, &stop) || len(s.seen()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.seen()))
	}
}

// cutShort ends the connection in the middle of an answer.
func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"id":"msgb`)
}
