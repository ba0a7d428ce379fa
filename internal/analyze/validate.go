package analyze

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validator holds answers against one schema.
type validator struct{ schema *jsonschema.Schema }

// nowhere loads no schema: a $ref leads to within its own document.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema %s is not loaded", url)
}

func compile(schema []byte) (*validator, error) {
	if !jsontext.Value(schema).IsValid() {
		return nil, errors.New("the schema is not JSON")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource("hls:///answer.json", document); err != nil {
		return nil, err
	}
	compiled, err := c.Compile("hls:///answer.json")
	if err != nil {
		return nil, err
	}
	return &validator{compiled}, nil
}

// check passes exactly one JSON object that fits the schema: no duplicate names, no text around it.
func (v *validator) check(answer []byte) error {
	value := jsontext.Value(answer)
	if !value.IsValid() {
		return errors.New("the answer is not one JSON value without duplicate names")
	}
	if value.Kind() != '{' {
		return errors.New("the answer is not a JSON object")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(answer))
	if err != nil {
		return err
	}
	return v.schema.Validate(document)
}
