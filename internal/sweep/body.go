package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"hls/internal/hls"
)

const opened = "opened"

// bodyOf is the payload of the event that would have told that a subject was opened: whole is the repository and subject
// the issue or the pull request, as GitHub's API has them ("Webhook events and payloads").
func bodyOf(event string, whole, subject json.RawMessage) ([]byte, error) {
	var author struct {
		User   json.RawMessage `json:"user"`
		Number int             `json:"number"`
	}
	if err := json.Unmarshal(subject, &author); err != nil {
		return nil, fmt.Errorf("read what was opened: %w", err)
	}
	body := map[string]any{"action": opened, "repository": whole, "sender": author.User}
	if event == "pull_request" {
		body["number"], body["pull_request"] = author.Number, subject
	} else {
		body["issue"] = subject
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("make payload: %w", err)
	}
	return public(text)
}

// kept are members that GitHub's API tells the holder of a token alone, and that webhooks do not have.
var kept = []string{"permissions", "temp_clone_token", "security_and_analysis"}

// public takes them out, wherever they stand.
func public(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("read payload: %w", err)
	}
	strip(value)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, fmt.Errorf("make payload: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func strip(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range kept {
			delete(value, name)
		}
		for _, inner := range value {
			strip(inner)
		}
	case []any:
		for _, inner := range value {
			strip(inner)
		}
	}
}

// nameOf names a delivery after the state of its subject: whoever finds the same makes the same.
func nameOf(e hls.Event) string {
	revision := ""
	switch {
	case e.PullRequest != nil:
		revision = e.PullRequest.Revision()
	case e.Issue != nil:
		revision = e.Issue.Revision()
	}
	sum := sha256.Sum256([]byte(e.Subject.Key() + "\x00" + revision))
	return hls.SweptID + hex.EncodeToString(sum[:20])
}
