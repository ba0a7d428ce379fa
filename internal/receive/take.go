package receive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"hls/internal/hls"
)

// Fetched is a delivery out of the log that GitHub keeps of a webhook, or one that HLS made of what GitHub's API told. That
// it is GitHub's word, the connection to its API vouches for; a signature does so besides when the log has the very bytes
// that were signed.
type Fetched struct {
	ID     string      // the delivery's
	Event  string      // its name
	Header http.Header // as GitHub sent it
	Body   []byte      // JSON that says what was sent, perhaps in other bytes
	Repo   string      // whose webhook's log it is from; "" for an organization's or the App's
	At     time.Time   // of the first attempt
	// Accept stores it; nil means as what comes to the door.
	Accept func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error)
}

// Taken is what became of it.
type Taken struct {
	Class  hls.Class
	Reason string
	TaskID int64 // the work, when Accepted
}

var (
	errDraining = errors.New("the process is stopping")
	errNoTurn   = errors.New("there is no memory to work on it")
)

// Take takes in a delivery that did not come to the door, as if it had: the same limits, the same strict reading, the
// same scope, counted in the same classes. An error means that it can be tried again later.
//
// A repository's webhook speaks for that repository alone (I5), whoever signed. A delivery of an organization's or the
// App's webhook about a repository that has a secret of its own must bear that secret's signature, as at the door.
//
// The hook's id is kept only where the signature proves the bytes. The record holds bodies of one id and one hook
// against each other, and one that GitHub's log spells otherwise would make a conflict of the true delivery, should it
// be sent again; without the hook's id that is another spelling from elsewhere, a duplicate.
func (h *Handler) Take(ctx context.Context, f Fetched) (taken Taken, err error) {
	x := &exchange{r: (&http.Request{Header: f.Header}).WithContext(ctx), start: time.Now()}
	d := &x.delivery
	d.ID, d.Event, d.RequestID, d.ReceivedAt = f.ID, f.Event, uuid.Must(uuid.NewV7()).String(), f.At.UTC()
	defer func() {
		if p := recover(); p != nil {
			end := reject(http.StatusInternalServerError, "internal_error").because(fmt.Errorf("panic: %v", p))
			h.count(x, end)
			taken, err = Taken{Class: end.class, Reason: end.reason}, nil
			h.deps.Log.ErrorContext(ctx, "panic", hls.KeyStage, hls.StageReceive, hls.KeyDeliveryID, f.ID, hls.KeyError, end.err.Error())
		}
		h.logTaken(ctx, *d, taken, err)
	}()
	turn, ok := h.turns.take(ctx, len(f.Body))
	if !ok {
		return Taken{}, errors.Join(errNoTurn, ctx.Err())
	}
	defer turn.end()
	event, refused := h.checkFetched(x, f)
	if refused != nil && refused.class == hls.Deferred {
		return Taken{}, errors.Join(errDraining, refused.err)
	}
	if refused != nil {
		h.count(x, refused)
		return Taken{Class: refused.class, Reason: refused.reason}, nil
	}
	accept := h.deps.Accept
	if f.Accept != nil {
		accept = f.Accept
	}
	receipt, err := accept(ctx, *d, event)
	if err != nil {
		return Taken{}, err
	}
	h.tell(x, receipt.Class)
	return Taken{Class: receipt.Class, Reason: receipt.Reason, TaskID: receipt.TaskID}, nil
}

// checkFetched is check for what the API vouches for.
func (h *Handler) checkFetched(x *exchange, f Fetched) (hls.Event, *ending) {
	d := &x.delivery
	switch {
	case int64(len(f.Body)) > h.cfg.MaxPayloadBytes:
		return hls.Event{}, reject(http.StatusRequestEntityTooLarge, "body_too_large")
	case !eventPattern.MatchString(d.Event):
		return hls.Event{}, reject(http.StatusBadRequest, "event_header_malformed")
	case !deliveryPattern.MatchString(d.ID):
		return hls.Event{}, reject(http.StatusBadRequest, "delivery_header_malformed")
	}
	keys := h.keys.Load()
	ring := keys.choose(f.Body)
	body, signed := respell(f, ring)
	signed = signed && !keys.unsigned
	d.Scope = ring.scope
	event, refused := h.parse(x, body)
	if refused != nil {
		return hls.Event{}, refused
	}
	if !signed {
		d.HookID = ""
	}
	switch name := event.Repo.FullName; {
	case f.Repo != "" && hls.Fold(name) != hls.Fold(f.Repo):
		return hls.Event{}, reject(http.StatusUnauthorized, "another_repository")
	case keys.ring(name) != ring, f.Repo == "" && ring != keys.global && !signed && !keys.unsigned:
		return hls.Event{}, reject(http.StatusUnauthorized, "signature_mismatch")
	}
	return event, nil
}

// For are the secrets that prove deliveries of a repository, as the door chooses them.
func (s Secrets) For(repository string) ([]hls.Secret, error) {
	keys, err := newKeyring(s)
	if err != nil {
		return nil, err
	}
	var secrets []hls.Secret
	for _, key := range keys.ring(repository).keys {
		secrets = append(secrets, hls.Secret(key))
	}
	return secrets, nil
}

// spellings are the ways in which a text that GitHub's log spells anew may have been signed: with its strings as they
// are, with as few escapes as can be, and with those that keep JSON out of HTML's way.
var spellings = [][]jsontext.Options{
	{jsontext.PreserveRawStrings(true)},
	{},
	{jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true)},
}

// mostRespelled is the largest body whose spellings are tried: each takes as much memory as the body.
const mostRespelled = 1 << 20

// respell returns the bytes that were signed, if one of the spellings is, and otherwise the body without white space.
func respell(f Fetched, ring *ring) (body []byte, signed bool) {
	if verify(f.Header, f.Body, ring) == nil {
		return f.Body, true
	}
	body = f.Body
	if len(body) > mostRespelled {
		return body, false
	}
	for i, options := range spellings {
		spelled, err := jsontext.AppendFormat(nil, f.Body, options...)
		if err != nil {
			return f.Body, false // Not strict JSON: the reading that follows says why.
		}
		if i == 0 {
			body = spelled
		}
		if verify(f.Header, spelled, ring) == nil {
			return spelled, true
		}
	}
	return body, false
}

func (h *Handler) logTaken(ctx context.Context, d hls.Delivery, taken Taken, err error) {
	attributes := []any{
		hls.KeyStage, hls.StageReceive, hls.KeyRequestID, d.RequestID, hls.KeyDeliveryID, d.ID, hls.KeyEvent, d.Event,
		hls.KeyAction, d.Action, hls.KeyRepo, d.Repo, hls.KeyOutcome, taken.Class, hls.KeyReason, taken.Reason,
	}
	level := slog.LevelInfo
	if err != nil || taken.Class == hls.Rejected || taken.Class == hls.Conflict {
		level = slog.LevelWarn
	}
	if err != nil {
		attributes = append(attributes, hls.KeyError, err.Error())
	}
	h.deps.Log.Log(ctx, level, "delivery taken in", attributes...)
}
