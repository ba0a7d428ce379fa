package simulate

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Mode is how the stand-in for Claude answers.
type Mode string

// The modes. All but Good are ways for the real one to fail.
const (
	Good          Mode = "good"           // a valid answer by rules on words
	Down          Mode = "down"           // 500
	Overloaded    Mode = "overloaded"     // 529
	RateLimited   Mode = "rate_limited"   // 429 with retry-after
	SpendStop     Mode = "spend_stop"     // 429 without retry-after: the account may spend no more
	UsageLimit    Mode = "usage_limit"    // 400 that speaks of usage limits: the other spend stop
	Refuse        Mode = "refuse"         // stop_reason refusal, no content
	Truncate      Mode = "truncate"       // stop_reason max_tokens, half an object
	NotSchema     Mode = "not_schema"     // JSON that breaks the schema
	NotJSON       Mode = "not_json"       // prose
	EmptyStop     Mode = "empty_stop"     // a good answer without a stop_reason
	Empty         Mode = "empty"          // end_turn without content
	ThinkingFirst Mode = "thinking_first" // a thinking block before the text
	Slow          Mode = "slow"           // good, after ClaudeConfig.Slow
	Hang          Mode = "hang"           // nothing, until the client or the server ends it
	Reset         Mode = "reset"          // the connection breaks
)

// ClaudeConfig says how the stand-in behaves. The zero value accepts any key and answers well and at once.
type ClaudeConfig struct {
	Key          string // empty accepts any
	Mode         Mode
	Answer       func(Request) string // replaces the rules of Good: the text of the answer
	Slow         time.Duration        // by default two seconds
	RetryAfter   time.Duration        // of RateLimited; by default one second
	Requests     int                  // a minute; 0 means 4,000
	InputTokens  int                  // a minute; 0 means 2,000,000
	OutputTokens int                  // a minute; 0 means 400,000
	Now          func() time.Time     // by default time.Now
	Journal      func(Entry)          // told of every call for a message; may be nil
	BatchPolls   int                  // how often a batch is looked at before it has ended
}

// Request is what the stand-in was asked.
type Request struct {
	Model     string
	MaxTokens int
	System    string
	Marked    int // bytes of System up to its last mark for the cache
	User      string
	Schema    json.RawMessage // nil when no structured output was asked for
}

// ClaudeCall is one request with what was answered.
type ClaudeCall struct {
	Request
	At         time.Time
	Path       string
	Mode       Mode
	Status     int // 0 when the connection was broken or nothing was answered
	StopReason string
	Answer     string
	Message    string // of an error
	Usage      ClaudeUsage
}

// ClaudeUsage is what a call is charged for, in tokens.
type ClaudeUsage struct {
	Input      int
	CacheWrite int
	CacheRead  int
	Output     int
}

// Claude is a stand-in for Anthropic's API. It is safe for concurrent use.
type Claude struct {
	cfg ClaudeConfig

	mu     sync.Mutex
	mode   Mode
	models map[string]Mode // of single models, over mode
	queue  []Mode
	answer func(Request) string
	calls  []ClaudeCall
	cached map[[32]byte]time.Time // prefix → when the memory of it ends
	window struct {
		start                   time.Time
		requests, input, output int
	}
	serial  int
	batches map[string]*batch
}

// NewClaude returns a Claude that nobody has asked yet.
func NewClaude(cfg ClaudeConfig) *Claude {
	if cfg.Mode == "" {
		cfg.Mode = Good
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Slow = orDuration(cfg.Slow, 2*time.Second)
	cfg.RetryAfter = orDuration(cfg.RetryAfter, time.Second)
	cfg.Requests = orInt(cfg.Requests, 4000)
	cfg.InputTokens = orInt(cfg.InputTokens, 2_000_000)
	cfg.OutputTokens = orInt(cfg.OutputTokens, 400_000)
	return &Claude{cfg: cfg, mode: cfg.Mode, answer: cfg.Answer, cached: map[[32]byte]time.Time{}, models: map[string]Mode{}, batches: map[string]*batch{}}
}

func orInt(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Start serves c on loopback until stop is called.
func (c *Claude) Start() (url string, stop func()) { return serve(c) }

// SetMode changes how calls are answered from now on.
func (c *Claude) SetMode(m Mode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode = m
}

// SetModelMode changes how calls of one model are answered from now on; "" lets the mode of SetMode hold for it again.
func (c *Claude) SetModelMode(model string, m Mode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.models[model] = m
}

// Queue sets the modes of the next calls of messages, one each; after them the mode of SetMode holds again.
func (c *Claude) Queue(modes ...Mode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, modes...)
}

// SetAnswer scripts the text of good answers; nil returns to the rules.
func (c *Claude) SetAnswer(answer func(Request) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

// Calls returns the requests that asked for a message, oldest first, also those refused.
func (c *Claude) Calls() []ClaudeCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]ClaudeCall(nil), c.calls...)
}

// next takes the mode of one call of a model.
func (c *Claude) next(model string) Mode {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		m := c.queue[0]
		c.queue = c.queue[1:]
		return m
	}
	return cmp.Or(c.models[model], c.mode)
}

func (c *Claude) log(call ClaudeCall) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
	if c.cfg.Journal != nil {
		c.cfg.Journal(Entry{Asked: &call})
	}
}

// ServeHTTP implements http.Handler.
func (c *Claude) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(Mark, "hls")
	w.Header().Set("Request-Id", c.name("req_simulated"))
	if e := c.authenticate(r); e != nil {
		e.write(w)
		return
	}
	switch path := r.URL.Path; {
	case path == "/v1/messages" && r.Method == http.MethodPost:
		c.messages(w, r)
	case path == "/v1/messages/count_tokens" && r.Method == http.MethodPost:
		c.countTokens(w, r)
	case path == "/v1/messages/batches" || strings.HasPrefix(path, "/v1/messages/batches/"):
		c.serveBatches(w, r)
	case path == "/v1/models" && r.Method == http.MethodGet:
		c.listModels(w)
	case len(path) > len("/v1/models/") && path[:len("/v1/models/")] == "/v1/models/" && r.Method == http.MethodGet:
		c.readModel(w, path[len("/v1/models/"):])
	default:
		(&apiError{http.StatusNotFound, "not_found_error", "Not found"}).write(w)
	}
}

func (c *Claude) authenticate(r *http.Request) *apiError {
	key := r.Header.Get("X-Api-Key")
	switch {
	case key == "":
		return &apiError{http.StatusUnauthorized, "authentication_error", "x-api-key header is required"}
	case c.cfg.Key != "" && key != c.cfg.Key:
		return &apiError{http.StatusUnauthorized, "authentication_error", "invalid x-api-key"}
	case r.Header.Get("Anthropic-Version") == "":
		return invalidRequest("anthropic-version: header is required")
	case r.Header.Get("Anthropic-Version") != "2023-06-01":
		return invalidRequest("anthropic-version: not a valid version")
	}
	return nil
}
