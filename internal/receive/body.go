package receive

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

const formPrefix = "payload="

// unwrap returns the JSON text of a body. A form must be the one field that GitHub sends, from its first byte on:
// JSON that was signed as JSON and is sent again as a form must not find a "payload=" inside its text.
func unwrap(raw []byte, form bool) ([]byte, *ending) {
	if !form {
		return raw, nil
	}
	value, found := bytes.CutPrefix(raw, []byte(formPrefix))
	if !found || bytes.ContainsAny(value, "&;=") {
		return nil, reject(http.StatusBadRequest, "form_malformed")
	}
	payload, ok := unescape(value)
	if !ok {
		return nil, reject(http.StatusBadRequest, "form_malformed")
	}
	return payload, nil
}

// unescape is url.QueryUnescape with one copy in place of three.
func unescape(value []byte) ([]byte, bool) {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			var one [1]byte
			if i+2 >= len(value) {
				return nil, false
			}
			if _, err := hex.Decode(one[:], value[i+1:i+3]); err != nil {
				return nil, false
			}
			out = append(out, one[0])
			i += 2
		default:
			out = append(out, value[i])
		}
	}
	return out, true
}

const (
	// maxDepth is far above what GitHub sends (about ten) and far below what costs anything.
	maxDepth = 100
	// maxTokens bounds what a body takes once it is decoded: names, values, and the ends of objects and arrays. A push
	// of 2,048 commits, GitHub's most, has about 130,000 and one more for each file.
	maxTokens = 300_000
)

var (
	errNotObject  = errors.New("the body is not an object")
	errTooDeep    = errors.New("the body is nested too deeply")
	errTooComplex = errors.New("the body has too many members")
	errTrailing   = errors.New("something follows the object")
)

// scanner reads tokens up to a limit.
type scanner struct {
	*jsontext.Decoder
	left int
}

// ReadToken reads the next token.
func (s *scanner) ReadToken() (jsontext.Token, error) {
	if s.left--; s.left < 0 {
		return jsontext.Token{}, errTooComplex
	}
	return s.Decoder.ReadToken()
}

// decode checks that payload is one JSON object, in UTF-8, without duplicate names at any depth (RFC 7493), and
// returns the kinds of its members.
func decode(payload []byte) (map[string]jsontext.Kind, error) {
	d := &scanner{jsontext.NewDecoder(bytes.NewBuffer(payload),
		jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false)), maxTokens}
	if d.PeekKind() != '{' {
		return nil, errNotObject
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	members := map[string]jsontext.Kind{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		members[key] = d.PeekKind()
		if err := pass(d); err != nil {
			return nil, fmt.Errorf("read member: %w", err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return members, nil
}

// pass reads one value of whatever kind.
func pass(d *scanner) error {
	for outer := d.StackDepth(); ; {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		switch depth := d.StackDepth(); {
		case depth > maxDepth:
			return errTooDeep
		case depth == outer:
			return nil
		}
	}
}

// peek finds repository.full_name in a body that nobody has vouched for yet. It is good for choosing a secret and for
// nothing else; "" stands for every body in which it is not plainly there.
func peek(payload []byte) string {
	d := jsontext.NewDecoder(bytes.NewBuffer(payload), jsontext.AllowDuplicateNames(true))
	if !enter(d, "repository") || !enter(d, "full_name") || d.PeekKind() != '"' {
		return ""
	}
	name, err := d.ReadToken()
	if err != nil || !repositoryName(name.String()) {
		return ""
	}
	return name.String()
}

// enter reads an object up to the value of its first member of the given name.
func enter(d *jsontext.Decoder, name string) bool {
	if d.PeekKind() != '{' {
		return false
	}
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() == '"' {
		member, err := d.ReadToken()
		if err != nil {
			return false
		}
		if member.String() == name {
			return true
		}
		if d.SkipValue() != nil {
			return false
		}
	}
	return false
}
