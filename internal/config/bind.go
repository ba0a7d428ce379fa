package config

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
)

// binder carries a tree into Go values by their yaml tags, and notes every problem on the way.
type binder struct {
	*tree
	need    Need
	above   map[string]string // keys that a variable of ours stands above, with its name
	secrets []hls.Secret
}

// unmarshaler is a type that reads its own part of the tree.
type unmarshaler interface {
	UnmarshalYAML(*yaml.Node) error
}

// bind sets v, which must be settable, to what stands at n. A value that is empty leaves v as it is.
func (b *binder) bind(n *yaml.Node, v reflect.Value, key string) {
	if b.absent(n) {
		return
	}
	if is[hls.Secret](v.Type()) {
		b.note(n)
	}
	if b.report(n, key) {
		return
	}
	if custom, ok := v.Addr().Interface().(unmarshaler); ok {
		b.custom(n, custom, key)
		return
	}
	if isScalar(v.Type()) {
		b.scalar(n, v, key)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		setDefaults(fresh.Elem())
		b.bind(n, fresh.Elem(), key)
		v.Set(fresh)
	case reflect.Struct:
		b.section(n, v, key)
	case reflect.Map:
		b.table(n, v, key)
	case reflect.Slice:
		b.list(n, v, key)
	default:
		panic("config: cannot bind a " + v.Type().String())
	}
}

// absent tells whether a node says nothing: null, or variables that are empty.
func (b *binder) absent(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	empty := n.Value == "" && len(b.from[n]) > 0 && len(b.unset[n]) == 0
	return n.Tag == "!!null" || empty
}

// report tells whether a scalar's variables are unset, and makes a problem of it when the command needs the key.
func (b *binder) report(n *yaml.Node, key string) bool {
	names := b.unset[n]
	if len(names) > 0 && b.need.wants(key) {
		b.fail(n, key, "the environment variable %s is not set; set it, or write ${%s:-default}",
			strings.Join(names, " and "), names[0])
	}
	return len(names) > 0
}

// note remembers a secret, so that no message shows it.
func (b *binder) note(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		b.secrets = append(b.secrets, hls.Secret(n.Value))
	}
}

// custom lets a type read its own node. A quoted scalar that came from a variable is tried as plain text too.
func (b *binder) custom(n *yaml.Node, v unmarshaler, key string) {
	if b.reportBelow(n, key) {
		return
	}
	err := v.UnmarshalYAML(n)
	if err != nil && len(b.from[n]) > 0 {
		plain := yaml.Node{Kind: n.Kind, Value: n.Value, Line: n.Line, Column: n.Column}
		plain.Tag = plain.ShortTag()
		err = v.UnmarshalYAML(&plain)
	}
	for _, one := range flatten(err) {
		b.fail(n, key, "%v", one)
	}
}

// reportBelow reports unset variables of a whole subtree.
func (b *binder) reportBelow(n *yaml.Node, key string) bool {
	unset := b.report(n, key)
	for _, c := range n.Content {
		unset = b.reportBelow(c, key) || unset
	}
	return unset
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// section binds a mapping to a struct.
func (b *binder) section(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.MappingNode {
		b.mismatch(n, v.Type(), key, "a mapping of keys")
		return
	}
	fields := fieldsOf(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		known := false
		for _, f := range fields {
			if f.name != name.Value {
				continue
			}
			known = true
			at := v.FieldByIndex(f.index)
			before := len(b.problems.List)
			b.bind(value, at, join(key, f.name))
			if len(b.problems.List) == before && !b.absent(value) {
				b.limit(value, at, f, join(key, f.name))
			}
		}
		if !known {
			b.fail(name, join(key, name.Value), "unknown key%s", suggest(name.Value, key, fields))
		}
	}
}

// table binds a mapping to a Go map with text keys.
func (b *binder) table(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.MappingNode {
		b.mismatch(n, v.Type(), key, "a mapping of keys")
		return
	}
	out := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		item := reflect.New(v.Type().Elem()).Elem()
		setDefaults(item)
		b.bind(value, item, join(key, name.Value))
		out.SetMapIndex(reflect.ValueOf(name.Value).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

// list binds a sequence to a slice. A list of secrets may be written as one secret, and its empty items are left out.
func (b *binder) list(n *yaml.Node, v reflect.Value, key string) {
	items := n.Content
	if n.Kind == yaml.ScalarNode && is[hls.Secret](v.Type().Elem()) {
		items = []*yaml.Node{n}
	} else if n.Kind != yaml.SequenceNode {
		b.mismatch(n, v.Type(), key, "a list")
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(items))
	for i, item := range items {
		if isScalar(v.Type().Elem()) && b.absent(item) {
			continue
		}
		at := reflect.New(v.Type().Elem()).Elem()
		setDefaults(at)
		where := key
		if n.Kind == yaml.SequenceNode {
			where = fmt.Sprintf("%s[%d]", key, i)
		}
		b.bind(item, at, where)
		out = reflect.Append(out, at)
	}
	v.Set(out)
}
