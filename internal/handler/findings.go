package handler

import (
	"context"

	"hls/internal/hls"
)

// kindFinding is the kind of the memories of what reviews have said about a pull request, each under its finding's id.
const kindFinding = "finding"

// findingState is what became of a finding.
type findingState string

// A finding that is not open is never raised again on its pull request.
const (
	stillOpen findingState = "open"
	resolved  findingState = "resolved"  // the code is gone or was mended
	justified findingState = "justified" // people have said why it is meant to be so
	withdrawn findingState = "withdrawn" // an objection to it holds
	ignored   findingState = "ignored"   // a maintainer said so
)

// raisedFinding is a finding as it is remembered.
type raisedFinding struct {
	ID       string       `json:"id"`
	Path     string       `json:"path"`
	Code     string       `json:"code"` // the quote, as quotes are compared between rounds
	Severity string       `json:"severity"`
	Category string       `json:"category"`
	Problem  string       `json:"problem"`
	Head     string       `json:"head"` // the commit that it was raised at
	State    findingState `json:"state"`
	By       string       `json:"by,omitempty"`   // login of who had it withdrawn or ignored
	Why      string       `json:"why,omitempty"`  // of the state, in a sentence
	Told     bool         `json:"told,omitempty"` // people have read that it is settled
}

// findingID names a finding within its pull request: by its file and its code, wherever that stands by then. People write
// it, as in "/hls ignore 3f2a91c2".
func findingID(path, code string) string {
	return digest(path, code)[:shortDigest]
}

// recallFindings reads what earlier reviews of a pull request have raised, the newest first.
func recallFindings(ctx context.Context, read Memory, pull hls.Subject) ([]raisedFinding, error) {
	memories, err := recall[raisedFinding](ctx, read, hls.Recall{Subject: pull, Kind: kindFinding, Limit: 500})
	var found []raisedFinding
	for _, m := range memories {
		found = append(found, m.says)
	}
	return found, err
}

// raise is a finding as it is remembered once it is raised at a head.
func raise(f finding, head string) raisedFinding {
	return raisedFinding{
		ID: findingID(f.File, f.code()), Path: f.File, Code: f.code(), Severity: f.Severity, Category: sentence(f.Category, 30),
		Problem: sentence(f.Problem, 600), Head: head, State: stillOpen,
	}
}

// remember is the memory that keeps a finding.
func (f raisedFinding) remember(pull hls.Subject) hls.Memory {
	return memory(pull, kindFinding, f.ID, f)
}
