package config

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
)

// field is one key of a struct. Two inlined structs may share a key: both get its value.
type field struct {
	name  string
	goes  string // the Go name
	index []int
	kind  reflect.Type
	owner reflect.Type // the struct that declares it
	tag   reflect.StructTag
}

// fieldsOf lists the keys of a struct type, those of inlined structs among them. A field without a tag is no key.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case options == "inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
		case name != "":
			out = append(out, field{name: name, goes: f.Name, index: []int{i}, kind: f.Type, owner: t, tag: f.Tag})
		}
	}
	return out
}

// setDefaults gives the fields of a struct, and of the structs in it, the values of their default tags.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		at := v.FieldByIndex(f.index)
		text, tagged := f.tag.Lookup("default")
		if !tagged {
			setDefaults(at)
			continue
		}
		if at.Kind() == reflect.Pointer {
			at.Set(reflect.New(at.Type().Elem()))
			at = at.Elem()
		}
		if err := set(at, text); err != nil {
			panic("config: bad default of " + f.name + ": " + err.Error())
		}
	}
}

// readsText tells whether a type reads itself from text.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Key is one key of the settings file.
type Key struct {
	Path string // with [] for the items of a list and * for a key of the user's own: repositories[].name
	Type reflect.Type
	Leaf bool // it has no keys below
	in   field
}

// Keys lists every key that the settings may have, in their order.
var Keys = sync.OnceValue(func() []Key { return keysOf(reflect.TypeFor[Settings](), "") })

func keysOf(t reflect.Type, at string) []Key {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if readsNode(t) || isScalar(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice:
		return keysOf(t.Elem(), at+"[]")
	case reflect.Map:
		return keysOf(t.Elem(), at+".*")
	case reflect.Struct:
	default:
		return nil
	}
	var out []Key
	for _, f := range fieldsOf(t) {
		path := strings.TrimPrefix(at+"."+f.name, ".")
		below := keysOf(f.kind, path)
		out = append(out, Key{Path: path, Type: f.kind, Leaf: len(below) == 0, in: f})
		out = append(out, below...)
	}
	return out
}

// readsNode tells whether a type reads its own part of the tree.
func readsNode(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[unmarshaler]())
}
