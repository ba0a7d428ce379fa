package postgres

import (
	"bytes"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// textCodec stores any text: PostgreSQL takes neither the character 0 nor bytes that are not UTF-8, and what came
// from the network may have both. They become U+FFFD.
type textCodec struct{ pgtype.TextCodec }

// PlanEncode implements pgtype.Codec.
func (c textCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	plan := c.TextCodec.PlanEncode(m, oid, format, value)
	if plan == nil {
		return nil
	}
	return textPlan{plan}
}

type textPlan struct{ pgtype.EncodePlan }

// Encode implements pgtype.EncodePlan.
func (p textPlan) Encode(value any, buf []byte) ([]byte, error) {
	start := len(buf)
	buf, err := p.EncodePlan.Encode(value, buf)
	if err != nil || buf == nil {
		return buf, err
	}
	text := buf[start:]
	if utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
		return buf, nil
	}
	const instead = "\uFFFD"
	text = bytes.ReplaceAll(bytes.ToValidUTF8(text, []byte(instead)), []byte{0}, []byte(instead))
	return append(buf[:start], text...), nil
}
