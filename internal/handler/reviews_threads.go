package handler

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"hls/internal/hls"
)

// kindThread is the kind of the memories of threads, each under the number of its first comment: GitHub's REST API does
// not tell which are resolved, and its events do.
const kindThread = "thread"

// threadState is what the last event about a thread has said.
type threadState struct {
	Resolved bool      `json:"resolved"`
	At       time.Time `json:"at"`
}

// recallThreads reads which threads are resolved. What the event itself says of its thread counts, unless a later one
// was heard before it.
func (v *reviewed) recallThreads(ctx context.Context, read Memory, e hls.Event) error {
	memories, err := recall[threadState](ctx, read, hls.Recall{Subject: e.Subject, Kind: kindThread, Limit: 500})
	if err != nil {
		return err
	}
	known := map[int64]threadState{}
	for _, m := range memories {
		id, err := strconv.ParseInt(m.Key, 10, 64)
		if err != nil {
			return fmt.Errorf("decode thread %s: %w", m.Key, err)
		}
		known[id] = m.says
	}
	if e.Thread != 0 && !known[e.Thread].At.After(e.OccurredAt) {
		state := threadState{Resolved: e.Action == "resolved", At: e.OccurredAt}
		known[e.Thread] = state
		told := memory(e.Subject, kindThread, strconv.FormatInt(e.Thread, 10), state)
		v.thread = &told
	}
	v.resolved = map[int64]bool{}
	for id, state := range known {
		v.resolved[id] = state.Resolved
	}
	return nil
}
