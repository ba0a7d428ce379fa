package simulate

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Chat is a stand-in for a chat with incoming webhooks, as Slack has them: it keeps what is posted. Nobody reads it.
type Chat struct {
	mu       sync.Mutex
	messages []ChatMessage
	refuse   []ChatRefusal
}

// ChatMessage is one that was taken.
type ChatMessage struct {
	Path string
	Text string
	Raw  string // the body as it came
}

// ChatRefusal is an answer in place of the one that takes a message.
type ChatRefusal struct {
	Status     int
	RetryAfter int    // seconds; 0 says nothing of it
	Location   string // of a redirect
}

// NewChat makes one; Start runs it.
func NewChat() *Chat { return &Chat{} }

// Start runs it on loopback. The address is that of its webhook.
func (c *Chat) Start() (url string, stop func()) {
	url, stop = serve(c)
	return url + "/services/T0SIMULATED/B0SIMULATED/Simulated0Secret0Of0The0Webhook", stop
}

// Refuse plans answers to the next messages.
func (c *Chat) Refuse(next ...ChatRefusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = append(c.refuse, next...)
}

// Messages are those that were taken so far.
func (c *Chat) Messages() []ChatMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]ChatMessage(nil), c.messages...)
}

// ServeHTTP takes a message as Slack does: JSON with a text, answered by "ok".
func (c *Chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(Mark, "chat")
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var sent struct {
		Text string `json:"text"`
	}
	if err != nil || r.Method != http.MethodPost || json.Unmarshal(raw, &sent) != nil || sent.Text == "" {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refuse) > 0 {
		next := c.refuse[0]
		c.refuse = c.refuse[1:]
		if next.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(next.RetryAfter))
		}
		if next.Location != "" {
			w.Header().Set("Location", next.Location)
		}
		http.Error(w, "simulated refusal", next.Status)
		return
	}
	c.messages = append(c.messages, ChatMessage{Path: r.URL.Path, Text: sent.Text, Raw: string(raw)})
	_, _ = io.WriteString(w, "ok")
}
