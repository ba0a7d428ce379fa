package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
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
		switch {
		case f.value == "":
		case f.key == "notify.webhook_url":
			out = append(out, hiddenIn(f.value)...)
		default:
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
		for _, password := range passwordsIn(v.String()) {
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

// hiddenIn are the parts of a secret address that nobody could guess: the random ones of its path and query. Its scheme and
// the names in it stand in other addresses too, which must not be taken for secrets.
func hiddenIn(address hls.Secret) (parts []hls.Secret) {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return []hls.Secret{address}
	}
	longest := ""
	for _, part := range strings.FieldsFunc(u.Path+"/"+u.RawQuery, func(r rune) bool { return strings.ContainsRune("/?&=", r) }) {
		if len(part) >= len(longest) {
			longest = part
		}
		if len(part) >= 16 && strings.ContainsAny(part, "0123456789") {
			parts = append(parts, hls.Secret(part))
		}
	}
	if len(parts) == 0 && longest != "" {
		parts = append(parts, hls.Secret(longest))
	}
	return parts
}

// passwordsIn are the passwords of a URL with one: before its host, or among its parameters.
func passwordsIn(text string) (passwords []hls.Secret) {
	if !strings.Contains(text, "://") || !strings.Contains(text, "@") && !strings.Contains(text, "password=") {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return []hls.Secret{hls.Secret(text)}
	}
	before, _ := u.User.Password()
	for _, password := range slices.Concat([]string{before}, u.Query()["password"], u.Query()["sslpassword"]) {
		if password != "" {
			passwords = append(passwords, hls.Secret(password))
		}
	}
	return passwords
}
