package hls

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// OpenedBody is the payload of the event that tells that an issue or a pull request was opened: repository and subject are
// as GitHub's API has them ("Webhook events and payloads").
func OpenedBody(event string, repository, subject json.RawMessage) ([]byte, error) {
	var author struct {
		User   json.RawMessage `json:"user"`
		Number int             `json:"number"`
	}
	if err := json.Unmarshal(subject, &author); err != nil {
		return nil, fmt.Errorf("read what was opened: %w", err)
	}
	body := map[string]any{"action": "opened", "repository": repository, "sender": author.User}
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

// keptBack are members that GitHub's API tells the holder of a token alone, and that webhooks do not have.
var keptBack = []string{"permissions", "temp_clone_token", "security_and_analysis"}

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
		for _, name := range keptBack {
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
