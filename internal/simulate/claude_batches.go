package simulate

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// batch is what was handed in together ("Message Batches"). It ends when it was looked at often enough.
type batch struct {
	id      string
	made    time.Time
	items   []batchItem
	looks   int
	results []object // nil until it has ended
}

type batchItem struct {
	name    string
	in      messageInput
	problem *apiError // why its question is refused, which the real API tells with the results, too
}

var batchName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// SetBatchPolls sets how often batches are looked at from now on before they have ended.
func (c *Claude) SetBatchPolls(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cfg.BatchPolls = n
}

// Batches are the ids of what was handed in, in order.
func (c *Claude) Batches() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.batches {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Looks is how often a batch was looked at.
func (c *Claude) Looks(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batches[id].looks
}

// serveBatches answers what is asked about batches.
func (c *Claude) serveBatches(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v1/messages/batches"), "/")
	id, part, _ := strings.Cut(rest, "/")
	switch {
	case id == "" && r.Method == http.MethodPost:
		c.createBatch(w, r)
	case part == "" && r.Method == http.MethodGet:
		c.readBatch(w, id)
	case part == "results" && r.Method == http.MethodGet:
		c.batchResults(w, id)
	default:
		(&apiError{http.StatusNotFound, "not_found_error", "Not found"}).write(w)
	}
}

func (c *Claude) createBatch(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	e, fails := failures[c.mode]
	c.mu.Unlock()
	if fails {
		e.write(w)
		return
	}
	items, problem := readBatch(w, r)
	if problem != nil {
		problem.write(w)
		return
	}
	b := &batch{id: c.name("msgbatch_simulated"), made: c.cfg.Now(), items: items}
	c.mu.Lock()
	c.batches[b.id] = b
	body := b.object()
	c.mu.Unlock()
	sendJSON(w, http.StatusOK, body)
}

func readBatch(w http.ResponseWriter, r *http.Request) ([]batchItem, *apiError) {
	var in struct {
		Requests []struct {
			CustomID string          `json:"custom_id"`
			Params   json.RawMessage `json:"params"`
		} `json:"requests"`
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 256<<20))
	if err != nil {
		return nil, &apiError{http.StatusRequestEntityTooLarge, "request_too_large", "Request exceeds the maximum size"}
	}
	if err := strict(raw, &in); err != nil {
		return nil, invalidRequest("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if len(in.Requests) == 0 {
		return nil, invalidRequest("requests: List should have at least 1 item")
	}
	var items []batchItem
	for i, q := range in.Requests {
		twice := slices.ContainsFunc(items, func(o batchItem) bool { return o.name == q.CustomID })
		if !batchName.MatchString(q.CustomID) || twice {
			return nil, invalidRequest("requests.%d.custom_id: want 1 to 64 letters, digits, hyphens and underscores, each id once", i)
		}
		item := batchItem{name: q.CustomID}
		if err := strict(q.Params, &item.in); err != nil {
			item.problem = invalidRequest("%s", strings.TrimPrefix(err.Error(), "json: "))
		} else {
			item.problem = item.in.check(false)
		}
		items = append(items, item)
	}
	return items, nil
}

// readBatch tells how far a batch is. Asking is what makes it go on.
func (c *Claude) readBatch(w http.ResponseWriter, id string) {
	c.mu.Lock()
	b := c.batches[id]
	ends := false
	if b != nil {
		b.looks++
		ends = b.results == nil && b.looks > c.cfg.BatchPolls
	}
	c.mu.Unlock()
	if b == nil {
		(&apiError{http.StatusNotFound, "not_found_error", "Could not find Batch: " + id}).write(w)
		return
	}
	if ends {
		results := c.work(b.items)
		c.mu.Lock()
		b.results = results
		c.mu.Unlock()
	}
	c.mu.Lock()
	body := b.object()
	c.mu.Unlock()
	sendJSON(w, http.StatusOK, body)
}

// work answers the questions of a batch. The results come in another order than the questions.
func (c *Claude) work(items []batchItem) []object {
	results := []object{}
	for _, item := range slices.Backward(items) {
		call := ClaudeCall{Request: item.in.request(), At: c.cfg.Now(), Path: "/v1/messages/batches"}
		problem := item.problem
		if problem == nil {
			call.Mode = c.next(item.in.Model)
			if e, fails := failures[call.Mode]; fails {
				problem = &e
			}
		}
		var result object
		if problem != nil {
			call.Status, call.Message = problem.status, problem.message
			result = object{"type": "errored", "error": object{
				"type": "error", "request_id": nil, "error": object{"type": problem.kind, "message": problem.message},
			}}
		} else {
			result = object{"type": "succeeded", "message": c.message(item.in, &call)}
		}
		c.log(call)
		results = append(results, object{"custom_id": item.name, "result": result})
	}
	return results
}

func (b *batch) object() object {
	counts := object{"processing": len(b.items), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
	o := object{
		"id": b.id, "type": "message_batch", "processing_status": "in_progress", "created_at": stamp(b.made), "ended_at": nil,
		"expires_at": stamp(b.made.Add(24 * time.Hour)), "archived_at": nil, "cancel_initiated_at": nil, "results_url": nil,
	}
	if b.results != nil {
		succeeded := 0
		for _, r := range b.results {
			if result, _ := r["result"].(object); result["type"] == "succeeded" {
				succeeded++
			}
		}
		counts["processing"], counts["succeeded"], counts["errored"] = 0, succeeded, len(b.items)-succeeded
		o["processing_status"], o["ended_at"] = "ended", stamp(b.made)
		o["results_url"] = "https://api.anthropic.com/v1/messages/batches/" + b.id + "/results"
	}
	o["request_counts"] = counts
	return o
}

// batchResults are one JSON object a line.
func (c *Claude) batchResults(w http.ResponseWriter, id string) {
	c.mu.Lock()
	b := c.batches[id]
	var results []object
	if b != nil {
		results = b.results
	}
	c.mu.Unlock()
	if results == nil {
		(&apiError{http.StatusNotFound, "not_found_error", "No results of Batch: " + id}).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/x-jsonl")
	encoder := json.NewEncoder(w)
	for _, r := range results {
		_ = encoder.Encode(r)
	}
}
