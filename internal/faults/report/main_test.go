package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, lines, want string
		err               bool
	}{
		{"all is well", `{"case":"kill","runs":15,"losses":0,"doubles":0}` + "\n" + `{"case":"crash","runs":1,"losses":0,"doubles":0}` + "\n" +
			`{"case":"kill","runs":5,"losses":0,"doubles":0}`,
			"case     runs  losses  doubles\ncrash       1       0        0\nkill       20       0        0\nall        21       0        0\n", false},
		{"something was lost", `{"case":"kill","runs":15,"losses":2,"doubles":0}`, "kill      15       2        0\n", true},
		{"something was done twice", `{"case":"kill","runs":15,"losses":0,"doubles":1}`, "kill      15       0        1\n", true},
		{"a control loses", `{"case":"kill","runs":15,"losses":0,"doubles":0}` + "\n" + `{"case":"unsafe","runs":2,"losses":9,"doubles":1,"control":true}`,
			"unsafe (control)       2       9        1\nall                   15       0        0\n", false},
		{"a control loses nothing", `{"case":"unsafe","runs":2,"losses":0,"doubles":0,"control":true}`, "", true},
		{"nothing was run", "", "", true},
		{"a line is cut off", `{"case":"kill","ru`, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := run(strings.NewReader(tc.lines), &out)
			if (err != nil) != tc.err || !strings.Contains(out.String(), tc.want) {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}
