package handler

import (
	"context"
	stdjson "encoding/json"
	"fmt"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// recalled is a memory and what its value says.
type recalled[T any] struct {
	hls.Memory
	says T
}

// recall reads memories, newest first, whose values are of one type.
func recall[T any](ctx context.Context, read Memory, which hls.Recall) ([]recalled[T], error) {
	memories, err := read.Recall(ctx, which)
	if err != nil {
		return nil, fmt.Errorf("recall %s: %w", which.Kind, err)
	}
	var all []recalled[T]
	for _, m := range memories {
		one := recalled[T]{Memory: m}
		if err := json.Unmarshal(m.Value, &one.says); err != nil {
			return nil, fmt.Errorf("decode %s %s: %w", m.Kind, m.Key, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// recallOne reads what the newest memory says; ok is false where there is none.
func recallOne[T any](ctx context.Context, read Memory, which hls.Recall) (says T, ok bool, err error) {
	which.Limit = 1
	all, err := recall[T](ctx, read, which)
	if err != nil || len(all) == 0 {
		return says, false, err
	}
	return all[0].says, true, nil
}

// memory is what a plan has remembered. Its value is of texts, numbers and times, which always have a JSON form.
func memory(s hls.Subject, kind, key string, value any) hls.Memory {
	text, _ := stdjson.Marshal(value)
	return hls.Memory{Subject: s, Kind: kind, Key: key, Value: text}
}
