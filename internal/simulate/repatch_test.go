package simulate

import "testing"

// Each case is what a file's patch against the base was and is, and the patch between the two.
func TestRepatch(t *testing.T) {
	t.Parallel()
	const first = "@@ -10,4 +10,7 @@ func Save(w Widget) error {\n \tif w.Name == \"\" {\n \t\treturn errEmpty\n \t}\n+\tdata, _ := json.Marshal(w)\n+\n+\tos.WriteFile(w.Name, data, 0o777)\n \treturn nil\n"
	const second = "@@ -10,4 +10,7 @@ func Save(w Widget) error {\n \tif w.Name == \"\" {\n \t\treturn errEmpty\n \t}\n+\tdata, err := json.Marshal(w)\n+\n+\tos.WriteFile(w.Name, data, 0o777)\n \treturn nil\n"
	for _, tc := range []struct{ name, before, after, want string }{
		{"a line changed", first, second,
			"@@ -10,7 +10,7 @@\n \tif w.Name == \"\" {\n \t\treturn errEmpty\n \t}\n-\tdata, _ := json.Marshal(w)\n+\tdata, err := json.Marshal(w)\n \n \tos.WriteFile(w.Name, data, 0o777)\n \treturn nil\n"},
		{"undone", "@@ -1,2 +1,3 @@\n a\n+b\n c\n", "", "@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
		{"new file grows", "@@ -0,0 +1,1 @@\n+a\n", "@@ -0,0 +1,2 @@\n+a\n+b\n", "@@ -1,1 +1,2 @@\n a\n+b\n"},
		{"one of two hunks", "@@ -1,1 +1,2 @@\n a\n+b\n@@ -20,2 +21,3 @@\n x\n+y\n z\n", "@@ -20,2 +20,4 @@\n x\n+y\n+yy\n z\n",
			"@@ -1,2 +1,1 @@\n a\n-b\n@@ -21,3 +20,4 @@\n x\n y\n+yy\n z\n"},
	} {
		if got := repatch(tc.before, tc.after); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
}
