package config

import (
	"crypto/sha256"
	"encoding"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"hls/internal/hls"
)

// Digest names the settings as they are in force, whatever the file that they were read from looks like. Of a secret it
// matters only whether there is one: the digest can be told to anybody.
func (s *Settings) Digest() hls.Digest {
	sum := sha256.New()
	digest(sum, reflect.ValueOf(s).Elem())
	return hls.Digest(sum.Sum(nil))
}

func digest(w io.Writer, v reflect.Value) {
	if is[hls.Secret](v.Type()) {
		fmt.Fprintf(w, "secret %t;", v.Len() > 0)
		return
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok && v.Kind() != reflect.Pointer {
		text, err := m.MarshalText()
		fmt.Fprintf(w, "%q %v;", text, err)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			digest(w, v.Elem())
		}
	case reflect.Struct:
		digestFields(w, v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			digest(w, v.Index(i))
		}
	case reflect.Map:
		digestMap(w, v)
	case reflect.String:
		text := v.String()
		for _, password := range passwordsIn(text) {
			text = strings.ReplaceAll(text, password.Reveal(), "")
		}
		fmt.Fprintf(w, "%q", text)
	case reflect.Func, reflect.Chan:
	default:
		fmt.Fprintf(w, "%v", v.Interface())
	}
	_, _ = io.WriteString(w, ";")
}

func digestFields(w io.Writer, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && f.Tag.Get("yaml") != "-" {
			fmt.Fprintf(w, "%s:", f.Name)
			digest(w, v.Field(i))
		}
	}
}

func digestMap(w io.Writer, v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, k := range keys {
		fmt.Fprintf(w, "%q:", fmt.Sprint(k))
		digest(w, v.MapIndex(k))
	}
}
