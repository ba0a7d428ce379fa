package config

import (
	"reflect"
	"strings"
)

// Force says when a changed key comes into force.
type Force string

// The times at which a key can come into force.
const (
	Live    Force = "reload"  // when the settings are read again
	Restart Force = "restart" // at the next start
	Idle    Force = "not yet" // this version reads the key and does nothing with it
)

// forces gives every key its force; the longest path that leads to a key counts. internal/app keeps this promise.
var forces = map[string]Force{
	"server":                                  Restart,
	"server.public_url":                       Live,
	"server.allowed_hosts":                    Live,
	"github":                                  Restart,
	"github.webhook_secret":                   Live,
	"claude":                                  Restart,
	"claude.model":                            Live,
	"claude.models":                           Live,
	"claude.budget":                           Live,
	"storage.url":                             Restart,
	"storage.retention":                       Live,
	"repositories":                            Live,
	"prompts":                                 Live,
	"features.signature_validation":           Live,
	"features.async_processing":               Restart,
	"features.auto_labeling":                  Live,
	"features.auto_commenting":                Live,
	"features.dry_run":                        Live,
	"features.auto_setup_labels":              Live,
	"features.save_analyses":                  Live,
	"features.recover_missed":                 Live,
	"processing":                              Restart,
	"processing.analyses_per_subject_per_day": Live,
	"recovery":                                Live,
	"sweep":                                   Live,
	"approvals":                               Restart,
	"approvals.every":                         Live,
	"logging":                                 Restart,
	"logging.level":                           Live,
	"telemetry":                               Idle,
}

// Force tells when a changed value of the key comes into force.
func (k Key) Force() Force {
	for path := k.Path; path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
		if force, known := forces[path]; known {
			return force
		}
	}
	return ""
}

// Changed lists the keys whose values differ, in their order. A list or a mapping of the user's own is one key.
func Changed(before, after *Settings) []Key {
	known := map[string]Key{}
	for _, key := range Keys() {
		known[key.Path] = key
	}
	var out []Key
	differ(reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem(), "", func(path string) {
		out = append(out, known[path])
	})
	return out
}

// differ tells of every key in which two structs of one type differ.
func differ(a, b reflect.Value, at string, tell func(path string)) {
	for _, f := range fieldsOf(a.Type()) {
		path := strings.TrimPrefix(at+"."+f.name, ".")
		x, y := a.FieldByIndex(f.index), b.FieldByIndex(f.index)
		switch {
		case x.Kind() == reflect.Struct && !isScalar(x.Type()) && !readsNode(x.Type()):
			differ(x, y, path, tell)
		case !same(x, y):
			tell(path)
		}
	}
}

// same compares values; an empty list or mapping is like none.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice || a.Kind() == reflect.Map {
		return a.Len() == 0 && b.Len() == 0 || reflect.DeepEqual(a.Interface(), b.Interface())
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
