package faults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"hls/internal/history"
	"hls/internal/simulate"
)

// note takes what the stand-ins tell into the history.
func (w *world) note(e simulate.Entry) {
	switch {
	case e.Call != nil:
		if e.Call.Method != http.MethodGet {
			w.history.Add(history.Entry{Call: &history.Call{
				Method: e.Call.Method, Path: e.Call.Path, Status: e.Call.Status, Fault: string(e.Call.Fault),
			}})
		}
	case e.Deed != nil:
		d := *e.Deed
		on := history.Subject{Repo: d.Repo, Number: d.Number}
		deed := &history.Deed{
			Kind: string(d.Kind), Actor: d.Actor.Login, Subject: on, ID: d.ID, Label: d.Label, Body: d.Body, Commit: d.Commit, Round: roundOf(d.Body),
		}
		if d.Kind == simulate.Pushed {
			deed.Round = w.round(on)
		}
		w.history.Add(history.Entry{Deed: deed})
	case e.Asked != nil:
		q := read(e.Asked.Request)
		valid := e.Asked.Status == http.StatusOK && json.Valid([]byte(e.Asked.Answer)) && e.Asked.Mode != simulate.NotSchema
		w.history.Add(history.Entry{Asked: &history.Asked{
			Subject: q.subject, Round: q.round, Status: e.Asked.Status, Stop: e.Asked.StopReason, Valid: valid,
			Input: e.Asked.Usage.Input + e.Asked.Usage.CacheRead + e.Asked.Usage.CacheWrite, Output: e.Asked.Usage.Output,
		}})
	}
}

// Texts carry the round of their subject, which counts up with every change that people make, and Claude's answers
// carry the round that they are about.
var roundText = regexp.MustCompile(`round (\d+)`)

func roundOf(text string) int { return number(roundText.FindStringSubmatch(text)) }

func number(match []string) int {
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// question is what Claude is asked about.
type question struct {
	subject history.Subject
	round   int
	pull    bool
	later   bool // what became of earlier findings is asked too
}

var (
	promptGone   = regexp.MustCompile(`(?m)^ +-.*$`) // lines that a diff removes
	promptRepo   = regexp.MustCompile(`GitHub repository (\S+)\.\n`)
	promptNumber = regexp.MustCompile(`(?m)^(?:Issue|Pull request) #(\d+) by `)
	promptBody   = regexp.MustCompile(`(?s)<<<DATA \w+ body\n(.*?)\nDATA `)
	promptDiff   = regexp.MustCompile(`(?s)<<<DATA \w+ diff\n(.*?)\nDATA `)
)

// read finds in a prompt what it is about.
func read(r simulate.Request) question {
	q := question{}
	if m := promptRepo.FindStringSubmatch(r.System); m != nil {
		q.subject.Repo = m[1]
	}
	q.subject.Number = number(promptNumber.FindStringSubmatch(r.User))
	q.later = strings.Contains(string(r.Schema), `"earlier"`)
	text := promptBody.FindStringSubmatch(r.User)
	if diff := promptDiff.FindStringSubmatch(r.User); diff != nil {
		diff[1] = promptGone.ReplaceAllString(diff[1], "")
		q.pull, text = true, diff
	}
	if text != nil {
		q.round = roundOf(text[1])
	}
	return q
}

func (w *world) reply(r simulate.Request) string {
	w.mu.Lock()
	answers := w.answers
	w.mu.Unlock()
	return answers(read(r))
}

// answer labels an issue by whether its round is odd, and asks one question; it finds one defect in a pull request.
func answer(q question) string {
	if q.pull {
		return reviewed(q)
	}
	return triaged(q, []string{labelOf(q.round)}, true)
}

// labelOf is the one label that an issue is to have in a round.
func labelOf(round int) string {
	if round%2 == 0 {
		return "enhancement"
	}
	return "bug"
}

// triaged is an answer about an issue: labels, and a question if there is one.
func triaged(q question, labels []string, asks bool) string {
	proposals, questions := []map[string]any{}, []string{}
	for _, l := range labels {
		proposals = append(proposals, map[string]any{"name": l, "confidence": 0.9, "evidence": "panics with a nil pointer"})
	}
	if asks {
		questions = append(questions, fmt.Sprintf("Which file did you save in round %d?", q.round))
	}
	return encode(map[string]any{
		"type": "bug", "priority": map[string]any{"level": "high", "reason": "r"}, "difficulty": map[string]any{"level": "easy", "reason": "r"},
		"components": []string{}, "labels": proposals, "duplicates": []string{}, "missing_information": questions,
		"security_sensitive": false, "injection_suspected": false, "needs_human": false, "summary": "s", "comment": "",
	})
}

func reviewed(q question) string {
	answer := map[string]any{
		"summary": fmt.Sprintf("Adds a cache in round %d.", q.round), "risk": "medium", "type": "feature", "effort": 1, "missing_tests": []string{},
		"findings": []map[string]any{{
			"severity": "major", "category": "correctness", "file": "cache.go", "line": 4, "end_line": 4,
			"quote": fmt.Sprintf("_ = os.Remove(\"round %d\")", q.round), "problem": "The error is lost.", "suggestion": "Return it.",
		}},
	}
	if q.later {
		answer["earlier"] = []any{}
	}
	return encode(answer)
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
