package joblog

import (
	"fmt"
	"strings"
	"testing"
)

func extract(text string) Log {
	x := New()
	for line := range strings.Lines(text) {
		x.Add(strings.TrimSuffix(line, "\n"))
	}
	return x.Log(12_000)
}

const stamp = "2026-01-15T09:30:00.1234567Z "

// steps is the log of a job as a runner writes it, around what a tool said in the end.
func steps(said string) string {
	var b strings.Builder
	put := func(line string) { b.WriteString(stamp + line + "\n") }
	put("##[group]Run make test")
	put("make test")
	put("env:")
	put("  ERROR: this is a setting and no error")
	put("##[endgroup]")
	for i := range 300 {
		put(fmt.Sprintf("ok  \twidget/part%d\t0.0%ds", i, i%10))
	}
	for line := range strings.SplitSeq(said, "\n") {
		put(line)
	}
	put("##[error]Process completed with exit code 2.")
	put("Post job cleanup.")
	return b.String()
}

// Each case is what a tool writes when something fails: lines that have to be in the excerpt, and the tests that failed.
func TestToolsAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, said string
		want       []string
		tests      string
		isWeak     bool
	}{
		{"go test", "--- FAIL: TestSave (0.02s)\n    save_test.go:31: got 3 widgets, want 4\nFAIL\nFAIL\tacme/widget\t0.03s",
			[]string{"--- FAIL: TestSave (0.02s)", "    save_test.go:31: got 3 widgets, want 4"}, "TestSave", false},
		{"go build", "# acme/widget\n./save.go:12:5: undefined: Shelf\n", []string{"./save.go:12:5: undefined: Shelf"}, "", false},
		{"go race", "==================\nWARNING: DATA RACE\nWrite at 0x00c0000 by goroutine 8:", []string{"WARNING: DATA RACE"}, "", false},
		{"go panic", "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:",
			[]string{"panic: runtime error: index out of range [3] with length 3"}, "", false},
		{"pytest", "E       assert 3 == 4\n\ntests/test_save.py:9: AssertionError\nFAILED tests/test_save.py::test_save - assert 3 == 4",
			[]string{"E       assert 3 == 4"}, "tests/test_save.py::test_save", false},
		{"python", "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'widget'", []string{"KeyError: 'widget'"}, "", false},
		{"jest", "  ● Shelf › saves widgets\n\n    expect(received).toBe(expected)", []string{"  ● Shelf › saves widgets"}, "Shelf › saves widgets", false},
		{"cargo test", "test shelf::saves ... FAILED\n\nthread 'shelf::saves' panicked at src/lib.rs:9:5:", []string{"test shelf::saves ... FAILED"}, "shelf::saves", false},
		{"cargo build", "error[E0425]: cannot find value `shelf` in this scope\n --> src/lib.rs:3:5", []string{"error[E0425]: cannot find value `shelf` in this scope"}, "", false},
		{"maven", "[ERROR]   ShelfTest.saves:42 expected: <4> but was: <3>\n[INFO] BUILD FAILURE", []string{"[ERROR]   ShelfTest.saves:42 expected: <4> but was: <3>"}, "ShelfTest.saves", false},
		{"gradle", "ShelfTest > saves() FAILED\n    org.opentest4j.AssertionFailedError: expected: 4", []string{"ShelfTest > saves() FAILED"}, "ShelfTest > saves()", false},
		{"rspec", "rspec ./spec/shelf_spec.rb:4 # Shelf saves", []string{"rspec ./spec/shelf_spec.rb:4 # Shelf saves"}, "./spec/shelf_spec.rb:4", false},
		{"phpunit", "1) Acme\\ShelfTest::testSaves\nFailed asserting that 3 is 4.", []string{"1) Acme\\ShelfTest::testSaves"}, "Acme\\ShelfTest::testSaves", false},
		{"dotnet", "  Failed Acme.ShelfTests.Saves [12 ms]\n  Error Message:", []string{"  Failed Acme.ShelfTests.Saves [12 ms]"}, "Acme.ShelfTests.Saves", false},
		{"junit xml", `<testcase classname="Shelf" name="saves"><failure message="x"/></testcase>`, nil, "saves", false},
		{"tsc", "src/shelf.ts(4,7): error TS2304: Cannot find name 'Widget'.", []string{"src/shelf.ts(4,7): error TS2304: Cannot find name 'Widget'."}, "", false},
		{"gcc", "shelf.c:4:10: fatal error: widget.h: No such file or directory", []string{"shelf.c:4:10: fatal error: widget.h: No such file or directory"}, "", false},
		{"npm", "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree", []string{"npm error ERESOLVE unable to resolve dependency tree"}, "", false},
		{"disk", "write /tmp/x: No space left on device", []string{"write /tmp/x: No space left on device"}, "", false},
		{"network", "dial tcp: lookup proxy.example: i/o timeout", []string{"dial tcp: lookup proxy.example: i/o timeout"}, "", false},
		{"no sign of it", "it went wrong all the same", []string{"it went wrong all the same"}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			log := extract(steps(tc.said))
			for _, want := range tc.want {
				if !strings.Contains("\n"+log.Text(), "\n"+want+"\n") {
					t.Errorf("%q is not in the excerpt:\n%s", want, log.Text())
				}
			}
			if got := strings.Join(log.Tests, ","); got != tc.tests {
				t.Errorf("tests %q, want %q", got, tc.tests)
			}
			if log.Weak != tc.isWeak || log.Print == "" {
				t.Errorf("weak %v, print %q", log.Weak, log.Print)
			}
			if strings.Contains(log.Text(), "this is a setting") || len(log.Excerpt) > 40 {
				t.Errorf("too much is kept:\n%s", log.Text())
			}
		})
	}
}

// The two logs of a case fail the same way or do not.
func TestFingerprintsNameTheCause(t *testing.T) {
	t.Parallel()
	base := "--- FAIL: TestSave (0.02s)\n    save_test.go:31: got 3 widgets, want 4\n    dial 127.0.0.1:4711: refused"
	for _, tc := range []struct {
		name, a, b string
		same       bool
	}{
		{"again", base, base, true},
		{"other times and numbers", base, strings.NewReplacer("0.02s", "1.5s", "31", "35", "got 3", "got 12", "4711", "80").Replace(base), true},
		{"another test", base, strings.ReplaceAll(base, "TestSave", "TestLoad"), false},
		{"another message", base, strings.ReplaceAll(base, "got 3 widgets, want 4", "the shelf is full"), false},
		{"another folder", "/home/runner/work/a/shelf.c:4:1: error: x", "/mnt/build/123/shelf.c:9:1: error: x", true},
		{"another file", "/home/a/shelf.c:4:1: error: x", "/home/a/widget.c:4:1: error: x", false},
		{"another address", "panic: at 0xc000123 in commit 1a2b3c4d5e", "panic: at 0xc000456 in commit 99aa88bb7c", true},
		{"another order", "--- FAIL: TestA (0s)\n--- FAIL: TestB (0s)", "--- FAIL: TestB (1s)\n--- FAIL: TestA (2s)", true},
	} {
		a, b := extract(steps(tc.a)), extract(steps(tc.b))
		if (a.Print == b.Print) != tc.same || len(a.Print) != 16 {
			t.Errorf("%s: %s and %s", tc.name, a.Print, b.Print)
		}
	}
	if got := Normalize("at  2026-01-15T09:30:00Z took 1.5s, id 3f2a91c2 of /tmp/go-build77/b001/x.go"); got != "at <time> took <n>, id <id> of /x.go" {
		t.Errorf("normalized to %q", got)
	}
}

// A log of 30 MB of real shape, its cause in the middle of everything.
func TestALargeLogIsReadInBounds(t *testing.T) {
	t.Parallel()
	x := New()
	noise := strings.Repeat("downloading widgets from the registry, please wait ", 2)
	size := 0
	for i := range 280_000 {
		line := fmt.Sprintf("%s%s %d", stamp, noise, i)
		switch {
		case i == 140_000:
			line = stamp + "--- FAIL: TestShelf (0.10s)"
		case i == 140_001:
			line = stamp + "    shelf_test.go:9: the shelf is empty"
		case i%1000 == 0:
			line = stamp + fmt.Sprintf("error: retrying widget %d", i)
		case i > 279_000 && i%7 == 0:
			line = stamp + fmt.Sprintf("warning w%c%c: failed to clean up", 'a'+i%26, 'a'+i/26%26)
		}
		size += len(line) + 1
		x.Add(line)
	}
	log := x.Log(12_000)
	if size < 30<<20 || log.Lines != 280_000 {
		t.Fatalf("%d bytes, %d lines", size, log.Lines)
	}
	if !strings.Contains(log.Text(), "    shelf_test.go:9: the shelf is empty") || len(log.Text()) > 13_000 {
		t.Errorf("%d bytes:\n%s", len(log.Text()), log.Text())
	}
	if n := strings.Count(log.Text(), "retrying widget"); n > 1 {
		t.Errorf("the same line %d times", n)
	}
}

// FuzzExtract holds an excerpt to its bounds and to lines of the log, and the same log to the same result.
func FuzzExtract(f *testing.F) {
	f.Add(steps("--- FAIL: TestSave (0.02s)\n    save_test.go:31: got 3, want 4"), 4000)
	f.Add(steps("E       assert 3 == 4\nFAILED tests/test_save.py::test_save - assert"), 300)
	f.Add(stamp+"##[group]Run x\nerror: in a group\n##[endgroup]\n##[error]Process completed with exit code 1.", 50)
	f.Add("::error file=a.go,line=3::wrong\n::add-mask::x\n\x00\xff\xfeerror: é\r\n", 20)
	f.Add(strings.Repeat("error: é", 400)+"\n"+strings.Repeat("panic: x\n", 300), 100)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		x, y := New(), New()
		shown := map[string]bool{}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			x.Add(line)
			y.Add(line)
			plain, _ := bare(line)
			shown[strings.TrimSuffix(shorten(plain, longestLine), "…")] = true
		}
		log := x.Log(limit)
		if again := y.Log(limit); log.Text() != again.Text() || log.Print != again.Print {
			t.Fatal("the same log gives another result")
		}
		size, last := 0, 0
		for _, l := range log.Excerpt {
			size += len(l.Text) + 1
			if l.Number <= last || l.Number > log.Lines {
				t.Errorf("line %d after %d", l.Number, last)
			}
			last = l.Number
			if text := strings.TrimSuffix(l.Text, "…"); !shown[text] && !partOf(shown, text) {
				t.Errorf("%q is no line of the log", l.Text)
			}
		}
		if size > max(limit, 0)+1 || len(log.Tests) > mostTests {
			t.Errorf("%d bytes for a limit of %d, %d tests", size, limit, len(log.Tests))
		}
		if (log.Print == "") != (len(x.blocks) == 0) && log.Print != "" {
			t.Errorf("print %q of %d blocks", log.Print, len(x.blocks))
		}
	})
}

func partOf(shown map[string]bool, text string) bool {
	for line := range shown {
		if strings.HasPrefix(line, text) {
			return true
		}
	}
	return false
}
