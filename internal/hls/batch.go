package hls

import "time"

// MostBatched is how many questions a batch holds at most.
const MostBatched = 1000

// BatchItem is a question of a batch. Its name is its own there: letters, digits, "-" and "_", at most 64 of them.
type BatchItem struct {
	Name    string
	Request Request
}

// BatchState is how far a batch is.
type BatchState struct {
	ID       string
	Ended    bool // every question has its result
	All      int  // questions
	Finished int  // of them, those that are answered or were given up
	Expires  time.Time
}

// BatchResult is what came of one question. Its errors are *Unusable for an answer that did not end normally, and
// *Permanent for a question that was not answered, which cost nothing.
type BatchResult struct {
	Name   string
	Answer Answer
	Err    error
}
