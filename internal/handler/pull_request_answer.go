package handler

import (
	stdjson "encoding/json"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// reviewSchema is the shape of the answer about a pull request. Ranges are checked by code: the API does not hold them.
const reviewSchema = `{
  "type": "object", "additionalProperties": false,
  "required": ["summary", "risk", "type", "effort", "findings", "missing_tests"],
  "properties": {
    "summary": {"type": "string", "description": "One to three plain sentences: what the change does and the one thing to look at first."},
    "risk": {"type": "string", "enum": ["low", "medium", "high"], "description": "What breaks, and for whom, if the change is wrong."},
    "type": {"type": "string", "enum": ["bug_fix", "feature", "refactoring", "documentation", "tests", "build", "other"]},
    "effort": {"type": "integer", "enum": [1, 2, 3, 4, 5], "description": "Of reviewing it: 1 is minutes, 5 is hours."},
    "findings": {
      "type": "array", "description": "At most five real defects that the diff itself proves. Empty is the usual answer.",
      "items": {
        "type": "object", "additionalProperties": false,
        "required": ["severity", "category", "file", "line", "end_line", "quote", "problem", "suggestion"],
        "properties": {
          "severity": {"type": "string", "enum": ["critical", "major", "minor"]},
          "category": {"type": "string", "description": "One word, as correctness, security, concurrency, performance, api."},
          "file": {"type": "string", "description": "The path as the diff has it."},
          "line": {"type": "integer", "description": "The number before the first quoted line in the diff."},
          "end_line": {"type": "integer", "description": "The number before the last quoted line."},
          "quote": {"type": "string", "description": "The code of those lines, copied verbatim, without numbers and signs."},
          "problem": {"type": "string", "description": "What goes wrong, and with which input or in which situation."},
          "suggestion": {"type": "string", "description": "How to mend it: a sentence, or the code that should stand there."}
        }
      }
    },
    "missing_tests": {"type": "array", "items": {"type": "string"}, "description": "At most three changed behaviors that no test in the diff covers. Empty when unsure."}
  }
}`

// laterSchema is the shape where earlier findings are open.
var laterSchema = strings.NewReplacer(
	`"findings", "missing_tests"]`, `"findings", "missing_tests", "earlier"]`,
	`"missing_tests": {`, earlierSchema+`
    "missing_tests": {`,
).Replace(reviewSchema)

const earlierSchema = `"earlier": {
      "type": "array", "description": "Each open finding that is listed, once.",
      "items": {
        "type": "object", "additionalProperties": false,
        "required": ["id", "state", "reason", "quote"],
        "properties": {
          "id": {"type": "string", "description": "As listed."},
          "state": {"type": "string", "enum": ["open", "resolved", "justified"]},
          "reason": {"type": "string", "description": "In one sentence."},
          "quote": {"type": "string", "description": "What proves it, copied verbatim; empty when open."}
        }
      }
    },`

// laterAnswer is an answer that may tell of earlier findings.
type laterAnswer struct {
	reviewAnswer
	Earlier []earlierFinding `json:"earlier"`
}

type earlierFinding struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Quote  string `json:"quote"`
}

// stillSo is the last review's answer without what it found and missed: of the pull request's own changes nothing is new.
func stillSo(previous *hls.Analysis) stdjson.RawMessage {
	answer := reviewAnswer{Risk: "low", Type: "other", Effort: 1}
	if previous != nil {
		var last reviewAnswer
		if err := json.Unmarshal(previous.Answer, &last); err == nil {
			answer = last
		}
	}
	answer.Findings, answer.MissingTests = []finding{}, []string{}
	text, _ := stdjson.Marshal(answer) // Texts and numbers always have a JSON form.
	return text
}

type reviewAnswer struct {
	Summary      string    `json:"summary"`
	Risk         string    `json:"risk"`
	Type         string    `json:"type"`
	Effort       int       `json:"effort"`
	Findings     []finding `json:"findings"`
	MissingTests []string  `json:"missing_tests"`
}

type finding struct {
	Severity   string `json:"severity"`
	Category   string `json:"category"`
	File       string `json:"file"`
	Line       int    `json:"line"`
	EndLine    int    `json:"end_line"`
	Quote      string `json:"quote"`
	Problem    string `json:"problem"`
	Suggestion string `json:"suggestion"`
}
