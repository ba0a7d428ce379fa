package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"hls/internal/hls"
)

// found is a secret and the key that it stands at.
type found struct {
	key   string
	value hls.Secret
}

// Secrets are all secrets of the settings, for the redactor. They are found by their type, wherever they stand, and
// as the passwords of URLs.
func (s *Settings) Secrets() []hls.Secret {
	var out []hls.Secret
	for _, f := range secretsOf(s) {
		if f.value != "" {
			out = append(out, f.value)
		}
	}
	return out
}

func secretsOf(s *Settings) []found {
	var out []found
	collect(reflect.ValueOf(s).Elem(), "", &out)
	return out
}

// collect walks exported fields, lists and maps.
func collect(v reflect.Value, key string, out *[]found) {
	if is[hls.Secret](v.Type()) {
		*out = append(*out, found{key, hls.Secret(v.String())})
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), key, out)
		}
	case reflect.Struct:
		collectFields(v, key, out)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), fmt.Sprintf("%s[%d]", key, i), out)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			collect(v.MapIndex(k), join(key, fmt.Sprint(k)), out)
		}
	case reflect.String:
		if password := passwordIn(v.String()); password != "" {
			*out = append(*out, found{key, password})
		}
	}
}

func collectFields(v reflect.Value, key string, out *[]found) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		at := key
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" {
			at = join(key, name)
		}
		collect(v.Field(i), at, out)
	}
}

// passwordIn is the password of a URL with one.
func passwordIn(text string) hls.Secret {
	if !strings.Contains(text, "://") || !strings.Contains(text, "@") {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil {
		return hls.Secret(text)
	}
	password, _ := u.User.Password()
	return hls.Secret(password)
}
