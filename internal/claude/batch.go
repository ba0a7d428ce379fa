package claude

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"hls/internal/breaker"
	"hls/internal/hls"
)

// batches names batches to the breaker, beside the models.
const batches = "batches"

// maxBatchBytes bounds the results of a batch, which come as one answer.
const maxBatchBytes = 512 << 20

// halved is what a question costs in a batch ("Batch processing": half of the standard prices).
func halved(micro int64) int64 { return (micro + 1) / 2 }

// Batch hands questions in that are answered together within a day, for half the price. An error that wraps
// hls.ErrAmbiguous leaves open whether there is such a batch now, which would be paid for.
func (c *Client) Batch(ctx context.Context, items []hls.BatchItem) (hls.BatchState, error) {
	params := anthropic.MessageBatchNewParams{}
	for _, item := range items {
		p, err := c.params(item.Request)
		if err != nil {
			return hls.BatchState{}, fmt.Errorf("hand in batch: question %s: %w", item.Name, &hls.Permanent{Err: err, Reason: reasonInvalid})
		}
		params.Requests = append(params.Requests, anthropic.MessageBatchNewParamsRequest{
			CustomID: item.Name,
			Params: anthropic.MessageBatchNewParamsRequestParams{
				Model: p.Model, MaxTokens: p.MaxTokens, Messages: p.Messages, Metadata: p.Metadata, System: p.System,
				OutputConfig: p.OutputConfig, Temperature: p.Temperature, //nolint:staticcheck // It is set for models that take one alone.
			},
		})
	}
	var made *anthropic.MessageBatch
	err := c.batchCall(ctx, func(ctx context.Context, o option.RequestOption) (err error) {
		made, err = c.sdk.Messages.Batches.New(ctx, params, o)
		return err
	})
	if err == nil && made.ID == "" {
		err = fmt.Errorf("%w: the answer names no batch", hls.ErrAmbiguous)
	}
	if err != nil {
		return hls.BatchState{}, fmt.Errorf("hand in batch: %w", err)
	}
	return stateOf(made), nil
}

// BatchState tells how far a batch is. One that the account does not have is hls.ErrNotFound.
func (c *Client) BatchState(ctx context.Context, id string) (hls.BatchState, error) {
	var found *anthropic.MessageBatch
	err := c.batchCall(ctx, func(ctx context.Context, o option.RequestOption) (err error) {
		found, err = c.sdk.Messages.Batches.Get(ctx, id, anthropic.MessageBatchGetParams{}, o)
		return err
	})
	if err != nil {
		return hls.BatchState{}, fmt.Errorf("look at batch %s: %w", id, err)
	}
	return stateOf(found), nil
}

func stateOf(b *anthropic.MessageBatch) hls.BatchState {
	n := b.RequestCounts
	finished := n.Succeeded + n.Errored + n.Canceled + n.Expired
	return hls.BatchState{
		ID: b.ID, Ended: b.ProcessingStatus == anthropic.MessageBatchProcessingStatusEnded,
		All: int(finished + n.Processing), Finished: int(finished), Expires: b.ExpiresAt,
	}
}

// BatchResults are the results of a batch that has ended, in no order. An error ends them.
func (c *Client) BatchResults(ctx context.Context, id string) iter.Seq2[hls.BatchResult, error] {
	return func(yield func(hls.BatchResult, error) bool) {
		err := c.batchCall(ctx, func(ctx context.Context, o option.RequestOption) error {
			large := option.WithHTTPClient(newHTTPClient(maxBatchBytes, c.cfg.Dial))
			stream := c.sdk.Messages.Batches.ResultsStreaming(ctx, id, anthropic.MessageBatchResultsParams{}, o, large)
			defer func() { _ = stream.Close() }()
			for stream.Next() {
				if !yield(c.result(stream.Current()), nil) {
					return errNoMore
				}
			}
			return stream.Err()
		})
		if err != nil && !errors.Is(err, errNoMore) {
			yield(hls.BatchResult{}, fmt.Errorf("read results of batch %s: %w", id, err))
		}
	}
}

var errNoMore = errors.New("no more results are wanted")

// result judges one line of the results as the answer of a single call is judged, at half the price.
func (c *Client) result(one anthropic.MessageBatchIndividualResponse) hls.BatchResult {
	r := hls.BatchResult{Name: one.CustomID}
	switch one.Result.Type {
	case "succeeded":
		r.Answer, r.Err = c.read(&one.Result.Message, one.Result.Message.Model, "")
		r.Answer.Usage.CostMicroUSD = halved(r.Answer.Usage.CostMicroUSD)
		var unusable *hls.Unusable
		if errors.As(r.Err, &unusable) {
			unusable.Usage = r.Answer.Usage
		}
	case "errored":
		r.Err = &hls.Permanent{Err: fmt.Errorf("claude refused the question: %s", one.Result.Error.Error.Message), Reason: reasonInvalid}
	default:
		r.Err = &hls.Permanent{Err: fmt.Errorf("the question was not answered: %s", one.Result.Type), Reason: "claude_batch_" + one.Result.Type}
	}
	return r
}

// batchCall makes one call about a batch. Batches have limits of their own, which the answers of single questions tell
// nothing of; spend stops and outages hold for both.
func (c *Client) batchCall(ctx context.Context, do func(context.Context, option.RequestOption) error) error {
	if err := cmp.Or(c.brake.check(ctx), held(c.breaker.Check(batches))); err != nil {
		return err
	}
	pass, err := c.breaker.Enter(ctx, batches)
	if err != nil {
		return held(err)
	}
	defer pass.Leave(breaker.Untold, nil)
	var (
		resp *http.Response
		sent atomic.Bool
	)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	err = do(traced, option.WithResponseInto(&resp))
	if err == nil || errors.Is(err, errNoMore) {
		pass.Leave(breaker.Answered, nil)
		c.meter.ended(nil)
		return err
	}
	failed := failure{err: err, resp: resp, sent: sent.Load()}
	err = judge(ctx, failed)
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		err = fmt.Errorf("%w: the account of claude.api_key has no such batch", hls.ErrNotFound)
	}
	c.brake.pull(ctx, err)
	pass.Leave(failed.verdict(ctx), failed.err)
	c.meter.ended(err)
	return err
}
