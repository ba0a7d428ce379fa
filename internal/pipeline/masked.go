package pipeline

import (
	"context"
	"maps"
	"slices"

	"hls/internal/hls"
	"hls/internal/record"
)

// Where secrets are masked and counted: what of an event is stored, and what of it and of all that was gathered is asked about.
const (
	inPayload = "payload"
	inPrompt  = "prompt"
)

// countMasked counts secrets that were taken out of what people wrote. A count that cannot be kept holds nothing up.
func (p *Pipeline) countMasked(ctx context.Context, where string, masked hls.Masked) {
	for _, kind := range slices.Sorted(maps.Keys(masked)) {
		if err := p.store.Tally(ctx, record.TallyMasked+where+"/"+kind, int64(masked[kind])); err != nil {
			p.log.Error("masked secrets are not counted", hls.KeyError, err.Error())
			return
		}
	}
}
