package record

import (
	"encoding/json"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// PackJSON makes packed JSON of a value.
func PackJSON(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Pack(text), nil
}

// UnpackJSON is the inverse of PackJSON.
func UnpackJSON(packed []byte, into any) error {
	text, err := Unpack(packed)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// PackedAnalysis is the part of an analysis that is stored as JSON (Subject, Prompt, Usage) or packed (the others).
type PackedAnalysis struct {
	Subject, Prompt, Usage       []byte
	Answer, System, User, Schema []byte
}

// PackAnalysis makes of an analysis what is stored of it. The prompt's three texts stand apart from the rest of it.
func PackAnalysis(subject hls.Subject, a hls.Analysis) (p PackedAnalysis, err error) {
	rest := a.Prompt
	rest.System, rest.User, rest.Schema = "", "", nil
	var errs [3]error
	p.Subject, errs[0] = json.Marshal(subject)
	p.Prompt, errs[1] = json.Marshal(rest)
	p.Usage, errs[2] = json.Marshal(a.Usage)
	p.Answer, p.Schema = Pack(a.Answer), Pack(a.Prompt.Schema)
	p.System, p.User = Pack([]byte(a.Prompt.System)), Pack([]byte(a.Prompt.User))
	return p, errors.Join(errs[:]...)
}

// Unpack fills in what was packed of an analysis.
func (p PackedAnalysis) Unpack(a *hls.Analysis) error {
	var errs [7]error
	var system, user []byte
	errs[0], errs[1], errs[2] = json.Unmarshal(p.Subject, &a.Subject), json.Unmarshal(p.Prompt, &a.Prompt), json.Unmarshal(p.Usage, &a.Usage)
	a.Answer, errs[3] = Unpack(p.Answer)
	system, errs[4] = Unpack(p.System)
	user, errs[5] = Unpack(p.User)
	a.Prompt.Schema, errs[6] = Unpack(p.Schema)
	a.Prompt.System, a.Prompt.User = string(system), string(user)
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("decode row: %w", err)
	}
	return nil
}

// Said is what reviews and comments have said, in their order: the text of each as a remark without a path, then its
// remarks on lines.
func Said(entries []hls.Entry) (remarks []hls.Remark) {
	for _, e := range entries {
		remarks = append(append(remarks, hls.Remark{Body: e.Effect.Body}), e.Effect.Remarks...)
	}
	return remarks
}
