package record

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
)

// maxText is the most that a stored text may unpack to. GitHub caps payloads at 25 MB, and prompts stay far below.
const maxText = 64 << 20

// Pack compresses text for storing.
func Pack(text []byte) []byte { return s2.Encode(nil, text) }

// Unpack is the inverse of Pack. Nothing unpacks to nothing.
func Unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	n, err := s2.DecodedLen(packed)
	if err != nil {
		return nil, fmt.Errorf("unpack text: %w", err)
	}
	if n > maxText {
		return nil, errors.New("unpack text: it is larger than anything that is stored")
	}
	text, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("unpack text: %w", err)
	}
	return text, nil
}
