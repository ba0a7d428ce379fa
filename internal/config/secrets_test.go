package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

const canary = "canary0123456789"

// fill puts a distinct secret wherever the type of the settings can hold one, and counts them.
func fill(v reflect.Value, count *int) {
	if is[hls.Secret](v.Type()) {
		*count++
		v.SetString(fmt.Sprintf("secret-number-%d", *count))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), count)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), count)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), count)
			fill(v.Index(1), count)
		}
	default:
	}
}

func TestS1_SecretsFindsAll(t *testing.T) {
	t.Parallel()
	s, count := &Settings{}, 0
	fill(reflect.ValueOf(s).Elem(), &count)
	s.Storage.URL = "postgres://hls:the-database-password@db/hls?sslpassword=the-key-password"
	s.Server.PublicURL = "postgres://db/hls?user=hls&password=the-other-password"
	got := s.Secrets()
	for i := range count {
		if !slices.Contains(got, hls.Secret(fmt.Sprintf("secret-number-%d", i+1))) {
			t.Errorf("secret %d of %d is not found", i+1, count)
		}
	}
	for _, password := range []hls.Secret{"the-other-password", "the-key-password"} {
		if !slices.Contains(got, password) {
			t.Errorf("%s, among the parameters of an address, is not found", password.Reveal())
		}
	}
	if count < 8 || !slices.Contains(got, "the-database-password") {
		t.Errorf("%d secrets in the structs; the password of storage.url found: %v", count, slices.Contains(got, "the-database-password"))
	}
}

// shows tells whether text holds any eight bytes in a row of the canary.
func shows(text string) bool {
	for i := 0; i+8 <= len(canary); i++ {
		if strings.Contains(text, canary[i:i+8]) {
			return true
		}
	}
	return false
}

func TestS1_ProblemsNeverShowSecrets(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CANARY": canary}
	for _, text := range []string{
		"server: {port: ${CANARY}}",
		"server: ${CANARY}\nprot: 1",
		`server: {port: "${CANARY}", prot: x}`,
		"server: {admin_token: {a: " + canary + "}}",
		"server: {admin_token: [" + canary + "]}",
		"server: {admin_token: !!binary " + canary + "}",
		"server: {admin_token: " + canary + "}\nlogging: {format: " + canary + ", level: " + canary + "}",
		"github: {token: " + canary + "}\nprocessing: {debounce: " + canary + "}",
		"github: {token: " + canary + ", base_url: " + canary + "}",
		"github: {webhook_secret: [" + canary + ", changeme]}",
		"github: {webhook_secret: {old: " + canary + "}}",
		"claude: {api_key: " + canary + "\nx",
		"claude: {api_key: *" + canary + "}",
		"claude: {api_key: '" + canary + "${x y}'}",
		"storage: {url: 'mysql://u:" + canary + "@h/d'}",
		"repositories: [{name: '${CANARY}'}, {name: '${CANARY}'}]",
		"repositories: [{name: a/b, webhook_secret: " + canary + ", events: [" + canary + "]}]",
		"repositories: [{name: a/b, events: ['${CANARY}'], ignore: {title_patterns: ['(${CANARY}']}}]",
		"repositories: [{name: a/b, labels: {categories: {x: [{name: '${CANARY}${CANARY}${CANARY}${CANARY}'}]}}}]",
	} {
		_, err := Parse("s.yaml", []byte(text), Options{Env: environment(env)})
		var problems *Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if all := fmt.Sprintf("%v %+v", err, problems); shows(all) {
			t.Errorf("%s\nshows the canary: %s", text, all)
		}
	}
	s := mustLoad(t, minimal+"server: {admin_token: "+canary+"}", env)
	if all := fmt.Sprintf("%v %+v %#v", s.Server, *s, s.Warnings()); shows(all) {
		t.Errorf("printed settings show the canary")
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		seed, minimal, string(example), "", "---", "a: &x [*x]", "a: {<<: {b: 1}}", "- x", "server: {port: 0x1F}",
		"github:\n  webhook_secret: [a, '${B:-c}', ${D}]\n", "repositories: [{name: a/*, labels: {categories: {k: {labels: [b]}}}}]",
		"server:\n\tport: 1", "processing: {debounce: 1d2h}", "server: {admin_token: " + canary + ", port: " + canary + "}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("s.yaml", []byte(text), Options{Env: environment(usual)})
		var problems *Problems
		if (err == nil) == (s == nil) || err != nil && !errors.As(err, &problems) {
			t.Fatalf("got %v and %v", s, err)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		s.Warnings()
		s.Secrets()
	})
}
