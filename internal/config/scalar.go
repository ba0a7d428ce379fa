package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
)

// errValue says that a scalar's text is not of the wanted type; its message would repeat the mismatch.
var errValue = errors.New("not of the wanted type")

// is tells whether a type is T.
func is[T any](t reflect.Type) bool { return t == reflect.TypeFor[T]() }

// isScalar tells whether a type is written as one scalar.
func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float64, reflect.Int, reflect.Int64:
		return true
	default:
		return is[netip.Prefix](t) || readsText(t)
	}
}

// scalar binds one scalar. The wanted type decides how text is read; a literal must also be of a fitting YAML type,
// while what a variable expanded to, in quotes or not, need only read as the wanted type.
func (b *binder) scalar(n *yaml.Node, v reflect.Value, key string) {
	want := wanted(v.Type())
	if n.Kind != yaml.ScalarNode {
		b.mismatch(n, v.Type(), key, want)
		return
	}
	if len(b.from[n]) == 0 && !fits(n.Tag, v.Type()) {
		b.mismatch(n, v.Type(), key, want)
		return
	}
	switch err := set(v, n.Value); {
	case errors.Is(err, errValue):
		b.mismatch(n, v.Type(), key, want)
	case err != nil:
		b.fail(n, key, "%v", err)
	}
}

// wanted is how people name a type.
func wanted(t reflect.Type) string {
	switch {
	case is[time.Duration](t):
		return "a duration such as 10s, 5m, 2h or 30d"
	case is[netip.Prefix](t):
		return "an IP address or network such as 10.0.0.0/8"
	case readsText(t), t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// fits tells whether a literal of a YAML type may stand where a Go type is wanted. Text is taken from numbers and
// dates as they are written; yes, no, on and off are text to YAML 1.2 and truth values to YAML 1.1.
func fits(tag string, t reflect.Type) bool {
	number := tag == "!!int" || tag == "!!float"
	text := tag == "!!str" || tag == "!!timestamp" || tag == "!!merge"
	switch {
	case is[time.Duration](t), is[netip.Prefix](t), readsText(t), t.Kind() == reflect.String:
		return text || number
	case t.Kind() == reflect.Bool:
		return tag == "!!bool" || tag == "!!str"
	default:
		return number
	}
}

// set reads text into v.
func set(v reflect.Value, text string) error {
	if is[time.Duration](v.Type()) {
		d, err := parseDuration(text)
		v.SetInt(int64(d))
		return err
	}
	if is[netip.Prefix](v.Type()) {
		p, err := parseNetwork(text)
		v.Set(reflect.ValueOf(p))
		return err
	}
	if reader, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return reader.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		truth, known := truths[strings.ToLower(text)]
		if !known {
			return errValue
		}
		v.SetBool(truth)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return errValue
		}
		v.SetFloat(f)
	default:
		i, err := strconv.ParseInt(text, 0, v.Type().Bits())
		if err != nil {
			return errValue
		}
		v.SetInt(i)
	}
	return nil
}

var truths = map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}

// parseDuration reads a Go duration, with d for days besides: 30d, 1d12h.
func parseDuration(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	var days int64
	if head, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseInt(head, 10, 64)
		if err != nil || n < 0 || n > int64(math.MaxInt64/day) {
			return 0, errValue
		}
		if days = n; rest == "" {
			rest = "0"
		}
		text = rest
	}
	d, err := time.ParseDuration(text)
	sum := d + time.Duration(days)*day
	if err != nil || days > 0 && (d < 0 || sum < 0) {
		return 0, errValue
	}
	return sum, nil
}

// parseNetwork reads a network, or an address as the network of that one address.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errValue
	}
	return p, nil
}

// mismatch reports a value of the wrong type. What is a secret, or came from the environment, is not shown.
func (b *binder) mismatch(n *yaml.Node, t reflect.Type, key, want string) {
	b.fail(n, key, "want %s, got %s", want, b.describe(n, t))
}

func (b *binder) describe(n *yaml.Node, t reflect.Type) string {
	const longest = 24 // real tokens are longer, should one stand at the wrong key
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case len(b.from[n]) > 0:
		return "what ${" + b.from[n][0] + "} holds"
	case is[hls.Secret](t) || !isScalar(t) || len(n.Value) > longest:
		return "other text"
	case n.Tag == "!!str":
		return strconv.Quote(n.Value)
	default:
		return n.Value
	}
}

// limit checks a number or text against the bounds in its field's jsonschema tag, which the schema has too.
// Nothing in the settings is negative unless its tag says so.
func (b *binder) limit(n *yaml.Node, v reflect.Value, f field, key string) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	low, high, choices := bounds(f.tag)
	switch v.Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64:
		number := v.Convert(reflect.TypeFor[float64]()).Float()
		if number < low || number > high {
			b.fail(n, key, "want %s, got %s", span(low, high), b.describe(n, v.Type()))
		}
	case reflect.String:
		if len(choices) > 0 && v.Len() > 0 && !slices.Contains(choices, v.String()) {
			b.fail(n, key, "want one of %s, got %s%s", strings.Join(choices, ", "), b.describe(n, v.Type()),
				didYouMean(hls.Nearest(v.String(), choices)))
		}
	}
}

// bounds reads minimum, maximum and enum from a jsonschema tag.
func bounds(tag reflect.StructTag) (low, high float64, choices []string) {
	high = math.Inf(1)
	for part := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		number, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "minimum":
			low = number
		case "maximum":
			high = number
		case "enum":
			choices = append(choices, value)
		}
	}
	return low, high, choices
}

func span(low, high float64) string {
	if math.IsInf(high, 1) {
		return fmt.Sprintf("%v or more", low)
	}
	return fmt.Sprintf("%v to %v", low, high)
}

// redactor hides the file's secrets and whatever its variables held; values too short to give anything away stay.
func (b *binder) redactor() *hls.Redactor {
	const shortest = 8
	var hide []hls.Secret
	for _, s := range b.secrets {
		if len(s) >= shortest {
			hide = append(hide, s)
		}
	}
	for _, value := range b.values {
		if len(value) >= shortest {
			hide = append(hide, hls.Secret(value))
		}
	}
	return hls.NewRedactor(hide...)
}
