// Package receive is GitHub's door: it decides which requests are deliveries. What passes is authentic, one strict
// JSON object, and fits the event that its header names; everything else is refused, answered and counted here.
//
// The files, in the order in which a request meets them: receive.go (the order itself), peers.go (who knocks), limits.go (media type, size
// and time), memory.go (for bodies while they come) and turns.go (for what is done with them), headers.go, secrets.go
// and signature.go (who may say so), body.go (form and JSON), shape.go (event against body), answer.go (what GitHub is
// told).
package receive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"hls/internal/fault"
	"hls/internal/hls"
)

// Config is the part of the section "server" that this room reads.
type Config struct {
	// WebhookPath is where GitHub posts deliveries.
	WebhookPath string `yaml:"webhook_path" default:"/webhook"`
	// MaxPayloadBytes is the largest body taken; the default is GitHub's own cap.
	MaxPayloadBytes int64 `yaml:"max_payload_bytes" default:"26214400"`

	Peers `yaml:",inline"`
}

// Defaults of Config and Deps, and the least default of MaxBuffered.
const (
	DefaultWebhookPath     = "/webhook"
	DefaultMaxPayloadBytes = 26214400
	DefaultBodyTimeout     = 10 * time.Second // GitHub gives up on a delivery after ten seconds
	DefaultAnswerTimeout   = 9 * time.Second
	leastBuffered          = 32 << 20
)

// Deps is what the door needs of the rest of the program.
type Deps struct {
	Secrets Secrets
	// Accept stores a delivery and answers once it is durable. An error means that GitHub should send it again.
	Accept func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error)
	// Await, when set, waits for the work of an accepted delivery until ctx ends (async_processing: false).
	Await func(context.Context, hls.Receipt) (result any, done bool, err error)
	// Count counts each request that Accept did not answer for.
	Count func(ctx context.Context, class hls.Class, reason string) error
	Log   *slog.Logger
	// Accepted is told of a delivery that was taken in, and of when it had begun to come; it may be nil.
	Accepted func(d hls.Delivery, began time.Time)
	// Proxies are the reverse proxies whose word on whom they forward for is believed.
	Proxies []netip.Prefix

	BodyTimeout   time.Duration // to read a body, from the request's start
	AnswerTimeout time.Duration // to answer, from the request's start
	MaxBuffered   int64         // bytes of all bodies held at a time; default 1.5 times MaxPayloadBytes, at least 32 MiB
}

// Handler answers POST requests to the webhook path. It is safe for concurrent use.
type Handler struct {
	cfg      Config
	deps     Deps
	keys     atomic.Pointer[keyring]
	watch    watch
	memory   *memory
	turns    turns
	beside   map[string]*tally // by reason: counted beside the requests
	draining atomic.Bool
}

var pathPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// New returns the door. It refuses secrets that are empty and a path that is not a plain one.
func New(cfg Config, deps Deps) (*Handler, error) {
	cfg.WebhookPath = cmp.Or(cfg.WebhookPath, DefaultWebhookPath)
	cfg.MaxPayloadBytes = cmp.Or(cfg.MaxPayloadBytes, DefaultMaxPayloadBytes)
	deps.BodyTimeout = cmp.Or(deps.BodyTimeout, DefaultBodyTimeout)
	deps.AnswerTimeout = cmp.Or(deps.AnswerTimeout, DefaultAnswerTimeout)
	deps.MaxBuffered = cmp.Or(deps.MaxBuffered, max(cfg.MaxPayloadBytes/2*3, leastBuffered))
	switch {
	case !pathPattern.MatchString(cfg.WebhookPath):
		return nil, fmt.Errorf("webhook_path: %q is not a path such as %s", cfg.WebhookPath, DefaultWebhookPath)
	case cfg.MaxPayloadBytes < 0:
		return nil, errors.New("max_payload_bytes: must be positive")
	case cfg.RequestsPerMinute < 0:
		return nil, errors.New("requests_per_minute: must not be negative")
	case deps.Accept == nil || deps.Count == nil || deps.Log == nil:
		return nil, errors.New("receive needs Accept, Count and Log")
	}
	h := &Handler{
		cfg: cfg, deps: deps, watch: watch{cfg: cfg.Peers, proxies: deps.Proxies, rates: map[netip.Prefix]*rate.Limiter{}}, memory: newMemory(deps.MaxBuffered),
		turns: turns{most: mostTurns, bytes: semaphore.NewWeighted(atOnce)},
	}
	h.beside = h.tallies()
	if err := h.Rekey(deps.Secrets); err != nil {
		return nil, err
	}
	return h, nil
}

// Rekey replaces the secrets, and whether signatures are checked, for requests that come from now on.
func (h *Handler) Rekey(s Secrets) error {
	k, err := newKeyring(s)
	if err != nil {
		return err
	}
	h.keys.Store(k)
	return nil
}

// Drain makes the door answer 503 to every delivery that has not been accepted yet: the process is stopping.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP takes one request to its one end.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.begin(w, r)
	defer func() { x.turn.end() }()
	x.delivery.RequestID = uuid.Must(uuid.NewV7()).String()
	x.delivery.ReceivedAt = x.start.UTC()
	end := h.guard(x)
	x.forget()
	h.count(x, &end)
	h.log(x, end)
	x.answer(end)
	h.tell(x, end.class)
	fault.AtFlushed(x.w, fault.Answered)
	x.linger(h.cfg.MaxPayloadBytes)
}

// exchange is one request while it is served.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	start    time.Time
	body     *paced
	hold     *hold
	turn     turn
	read     bool         // the whole body has come
	delivery hls.Delivery // as far as it is known
	verified bool         // the signature held: content may be logged and answered
}

func (h *Handler) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{w: w, r: r, start: time.Now(), turn: turn{func() {}, func() {}}}
	x.body = newPaced(w, r, x.start, h.deps.BodyTimeout)
	x.hold = &hold{memory: h.memory, began: x.start, come: x.body.come.Load, stop: x.body.stop}
	return x
}

// forget gives the body's memory back before the request ends.
func (x *exchange) forget() {
	x.delivery.Body = nil
	x.turn.endWork()
	x.hold.release()
}

// guard turns a panic below into a 503, so that also such a request ends in a class.
func (h *Handler) guard(x *exchange) (end ending) {
	defer func() {
		if p := recover(); p != nil {
			end = deferred("internal_error", fmt.Errorf("panic: %v", p))
		}
	}()
	event, refused := h.check(x)
	if refused != nil {
		return *refused
	}
	if x.delivery.Event == "ping" {
		return ending{code: http.StatusOK, class: hls.Pong, status: "pong"}
	}
	return h.accept(x, event)
}

// check is the contract's table, in its order.
func (h *Handler) check(x *exchange) (hls.Event, *ending) {
	switch err := x.body.deadline(x.start.Add(h.deps.BodyTimeout)); {
	case errors.Is(err, net.ErrClosed):
		return hls.Event{}, reject(http.StatusBadRequest, "body_not_readable").because(err)
	case err != nil:
		end := deferred("internal_error", fmt.Errorf("set read deadline: %w", err))
		return hls.Event{}, &end
	}
	if refused := h.watch.refuse(x.r, x.start); refused != nil {
		return hls.Event{}, refused
	}
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", http.MethodPost)
		return hls.Event{}, reject(http.StatusMethodNotAllowed, "method_not_allowed")
	}
	form, refused := mediaType(x.r.Header)
	if refused != nil {
		return hls.Event{}, refused
	}
	raw, refused := h.read(x)
	if refused != nil {
		return hls.Event{}, refused
	}
	fault.At(fault.BodyRead)
	if refused = h.await(x, len(raw)); refused != nil {
		return hls.Event{}, refused
	}
	if refused = identify(x.r.Header, &x.delivery); refused != nil {
		return hls.Event{}, refused
	}
	payload, malformed := unwrap(raw, form)
	keys := h.keys.Load()
	ring := keys.choose(payload)
	if !keys.unsigned {
		if refused = verify(x.r.Header, raw, ring); refused != nil {
			return hls.Event{}, refused
		}
	}
	x.verified = true
	x.delivery.Scope = ring.scope
	fault.At(fault.Verified)
	if malformed != nil {
		return hls.Event{}, malformed
	}
	event, refused := h.parse(x, payload)
	if refused == nil && !keys.unsigned && keys.ring(event.Repo.FullName) != ring {
		// The scan before the check and the decoder after it disagree about whose delivery this is.
		refused = reject(http.StatusUnauthorized, "signature_mismatch")
	}
	return event, refused
}

// await waits until there is memory to work on a body of this size.
func (h *Handler) await(x *exchange, bytes int) *ending {
	ctx, cancel := context.WithDeadline(x.r.Context(), x.start.Add(h.deps.AnswerTimeout))
	defer cancel()
	turn, ok := h.turns.take(ctx, bytes)
	if !ok {
		return overloaded()
	}
	x.turn = turn
	return nil
}

// parse reads a verified payload.
func (h *Handler) parse(x *exchange, payload []byte) (hls.Event, *ending) {
	members, err := decode(payload)
	if errors.Is(err, errTooComplex) {
		return hls.Event{}, reject(http.StatusRequestEntityTooLarge, "body_too_complex")
	}
	if err != nil {
		return hls.Event{}, reject(http.StatusBadRequest, "body_not_a_json_object").because(err)
	}
	if h.draining.Load() {
		end := deferred("shutting_down", nil)
		return hls.Event{}, &end
	}
	d := &x.delivery
	d.Body, d.Hash = payload, sha256.Sum256(payload)
	d.HookID, d.Headers = keep(x.r.Header)
	if err := fits(d.Event, members); err != nil {
		return hls.Event{}, reject(http.StatusBadRequest, "event_does_not_fit_body").because(err)
	}
	event, err := hls.DecodeEvent(*d)
	if err != nil {
		return hls.Event{}, reject(http.StatusBadRequest, "event_does_not_fit_body").because(err)
	}
	if name := event.Repo.FullName; name != "" && !repositoryName(name) {
		return hls.Event{}, reject(http.StatusBadRequest, "repository_name_malformed")
	}
	d.Action, d.Repo, d.RepoID, d.Sender = event.Action, event.Repo.FullName, event.Repo.ID, event.Sender.Login
	return event, nil
}

// accept hands the delivery on. It goes on when GitHub has hung up: what is stored need not be sent again.
func (h *Handler) accept(x *exchange, event hls.Event) ending {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(x.r.Context()), x.start.Add(h.deps.AnswerTimeout))
	defer cancel()
	receipt, err := h.deps.Accept(ctx, x.delivery, event)
	if err != nil {
		return deferred("unavailable", err)
	}
	end := ending{class: receipt.Class, reason: receipt.Reason, counted: true}
	switch receipt.Class {
	case hls.Accepted:
		end.code, end.status, end.reason = http.StatusAccepted, "queued", ""
		x.forget()
		h.result(ctx, receipt, &end)
	case hls.Duplicate, hls.Ignored:
		end.code, end.status = http.StatusOK, string(receipt.Class)
	case hls.Conflict:
		end.code, end.status, end.reason = http.StatusConflict, statusError, "delivery_id_conflict"
	default:
		return deferred("unavailable", fmt.Errorf("unexpected class %q", receipt.Class))
	}
	return end
}

// result replaces "queued" by "processed" when the work ends in time. The delivery is stored, so no failure here may
// ask for it again.
func (h *Handler) result(ctx context.Context, receipt hls.Receipt, end *ending) {
	if h.deps.Await == nil {
		return
	}
	result, done, err := h.deps.Await(ctx, receipt)
	if err != nil {
		end.err = fmt.Errorf("await result: %w", err)
		return
	}
	if done {
		end.code, end.status, end.result = http.StatusOK, "processed", result
	}
}
