package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"hls/internal/hls"
)

// spanTask is the span of one run of a task, beside those that are named for the eight stages.
const spanTask = "task"

// Received tells of the request that brought a delivery which was accepted: it is the first span of the trace.
func (t *Tracer) Received(d hls.Delivery, from, to time.Time) {
	if t == nil {
		return
	}
	_, span := t.tracer.Start(named(context.Background(), d.ID), string(hls.StageReceive), trace.WithNewRoot(),
		trace.WithTimestamp(from), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(t.ofDelivery(d, hls.StageReceive, hls.KeyOutcome, string(hls.Accepted))...))
	span.End(trace.WithTimestamp(to))
}

// Recorded tells of the write that made it durable.
func (t *Tracer) Recorded(d hls.Delivery, from, to time.Time) {
	if t == nil {
		return
	}
	_, span := t.tracer.Start(t.within(d.ID), string(hls.StageRecord), trace.WithTimestamp(from),
		trace.WithAttributes(t.ofDelivery(d, hls.StageRecord)...))
	span.End(trace.WithTimestamp(to))
}

// Run is the trace of one run of a task. Nil traces nothing.
type Run struct {
	tracer *Tracer
	task   trace.Span
	common []attribute.KeyValue
	last   hls.Stage
}

// Begin starts the trace of a run.
func (t *Tracer) Begin(task hls.Task, at time.Time) *Run {
	if t == nil {
		return nil
	}
	r := &Run{tracer: t, common: append(t.texts(
		hls.KeyRequestID, task.RequestID, hls.KeyDeliveryID, task.DeliveryID, hls.KeyEvent, task.Event, hls.KeyAction, task.Action,
		hls.KeyRepo, task.Subject.Repo, hls.KeySubject, task.Subject.String()),
		attribute.Int64(hls.KeyTask, task.ID), attribute.Int(hls.KeyAttempt, task.Attempt))}
	_, r.task = t.tracer.Start(t.within(task.DeliveryID), spanTask, trace.WithTimestamp(at),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(r.common...))
	return r
}

// Stage tells of a stay in a stage that has ended.
func (r *Run) Stage(s hls.Stage, from, to time.Time) {
	if r == nil {
		return
	}
	r.last = s
	_, span := r.tracer.tracer.Start(trace.ContextWithSpan(context.Background(), r.task), string(s), trace.WithTimestamp(from),
		trace.WithAttributes(r.common...), trace.WithAttributes(attribute.String(hls.KeyStage, string(s))))
	span.End(trace.WithTimestamp(to))
}

// End ends the trace of the run.
func (r *Run) End(o hls.Outcome, at time.Time) {
	if r == nil {
		return
	}
	r.task.SetAttributes(r.tracer.texts(hls.KeyStage, string(r.last), hls.KeyOutcome, string(o.State), hls.KeyReason, o.Reason)...)
	if o.State == hls.Parked {
		r.task.SetStatus(codes.Error, r.tracer.redactor.Redact(o.Reason))
	}
	r.task.End(trace.WithTimestamp(at))
}

func (t *Tracer) ofDelivery(d hls.Delivery, s hls.Stage, more ...string) []attribute.KeyValue {
	return t.texts(append([]string{hls.KeyStage, string(s), hls.KeyRequestID, d.RequestID, hls.KeyDeliveryID, d.ID,
		hls.KeyEvent, d.Event, hls.KeyAction, d.Action, hls.KeyRepo, d.Repo}, more...)...)
}

// texts makes attributes of keys and values, without those that are empty.
func (t *Tracer) texts(pairs ...string) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, attribute.String(pairs[i], t.redactor.Redact(pairs[i+1])))
		}
	}
	return out
}

// within is a context whose spans belong under the first span of a delivery's trace, wherever that was made. The sampler is
// asked about that one, which is thrown away here, so that it decides once for a trace.
func (t *Tracer) within(delivery string) context.Context {
	_, first := t.tracer.Start(named(context.Background(), delivery), string(hls.StageReceive), trace.WithNewRoot())
	return trace.ContextWithRemoteSpanContext(context.Background(), first.SpanContext())
}

// identity is what the first span of a trace is called.
type identity struct {
	trace trace.TraceID
	span  trace.SpanID
}

type identityKey struct{}

// named lets the next root span be the first of a delivery's trace.
func named(ctx context.Context, delivery string) context.Context {
	sum := sha256.Sum256([]byte("hls delivery " + delivery))
	var id identity
	copy(id.trace[:], sum[:])
	copy(id.span[:], sum[len(id.trace):])
	return context.WithValue(ctx, identityKey{}, id)
}

// generator gives spans their ids: those of named for the first of a trace, and random ones otherwise.
type generator struct{}

// NewIDs names a root span.
func (g generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if id, ok := ctx.Value(identityKey{}).(identity); ok {
		return id.trace, id.span
	}
	var id trace.TraceID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1)
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID names any other.
func (generator) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
