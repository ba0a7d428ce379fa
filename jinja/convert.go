package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// maxDepth bounds how deep values may be nested where they are walked.
const maxDepth = 500

// FromJSON decodes JSON into values. It keeps the order of keys, and integers (of any size) apart from floats. Of a key
// that is given twice the last value counts, at the place of the first.
func FromJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeJSON(d, 0)
	if err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode JSON: data after the value")
	}
	return v, nil
}

func decodeJSON(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return decodeList(d, depth)
		}
		return decodeDict(d, depth)
	case json.Number:
		return number(t)
	}
	return t, nil
}

func decodeList(d *json.Decoder, depth int) (any, error) {
	l := &List{}
	for d.More() {
		v, err := decodeJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	_, err := d.Token()
	return l, err
}

func decodeDict(d *json.Decoder, depth int) (any, error) {
	m := NewDict()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.Set(k, v)
	}
	_, err := d.Token()
	return m, err
}

func number(n json.Number) (any, error) {
	if strings.ContainsAny(string(n), ".eE") {
		return n.Float64()
	}
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	z, ok := new(big.Int).SetString(string(n), 10)
	if !ok || z.BitLen() > maxIntBits {
		return nil, fmt.Errorf("number of %d digits is too large", len(n))
	}
	return z, nil
}

// From converts a Go value. Maps of strings, slices and scalars become dicts (keys sorted), lists and scalars; values of
// this package stay what they are; anything else is converted by way of its JSON, so that struct tags name the keys.
func From(v any) (any, error) { return from(v, 0) }

func from(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("value is nested deeper than %d levels", maxDepth)
	}
	switch t := v.(type) {
	case nil, bool, int64, float64, string, Markup, *List, *Tuple, *Dict, *Undefined, *generator, *rangeValue, *dictView,
		*function, *namespace, *module, *macro, *blockCall, *selfValue, *cycler, *joiner, *loop:
		return v, nil
	case int, int32, float32:
		return plain(t), nil
	case *big.Int:
		return normInt(t), nil
	case json.Number:
		return number(t)
	case []string:
		l := &List{Items: make([]any, len(t))}
		for i, s := range t {
			l.Items[i] = s
		}
		return l, nil
	case []any:
		return fromSlice(t, depth)
	case map[string]any:
		return fromMap(t, depth)
	case Function:
		return wrapFunction("function", t), nil
	case func(Args) (any, error):
		return wrapFunction("function", t), nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("convert %T: %w", v, err)
	}
	return FromJSON(data)
}

func fromSlice(s []any, depth int) (any, error) {
	l := &List{Items: make([]any, len(s))}
	for i, x := range s {
		v, err := from(x, depth+1)
		if err != nil {
			return nil, err
		}
		l.Items[i] = v
	}
	return l, nil
}

func fromMap(m map[string]any, depth int) (any, error) {
	d := NewDict()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v, err := from(m[k], depth+1)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
	}
	return d, nil
}
