package act_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"hls/internal/act"
	"hls/internal/hls"
)

func options() act.Options {
	return act.Options{Web: "https://github.com", Repo: "octo/fish"}
}

func TestE1_SanitizeMakesTextHarmless(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"plain":                {"It fails on start, see `main.go`.", "It fails on start, see `main.go`."},
		"mention":              {"Ask @octocat, please.", "Ask `@octocat`, please."},
		"team":                 {"cc @octo/admins!", "cc `@octo/admins`!"},
		"mention by entity":    {"Ask &#64;octocat and &commat;bob.", "Ask `@octocat` and `@bob`."},
		"mention by escape":    {`Ask \@octocat.`, "Ask `@octocat`."},
		"mention with joiner":  {"Ask @\u200boctocat", "Ask `@octocat`"},
		"mail":                 {"Write to a.b@example.com.", "Write to `a.b@example.com`."},
		"own reference":        {"Looks like #12.", "Looks like #12."},
		"reference at start":   {"#12 is the same.", "#12 is the same."},
		"closing words":        {"This fixes #12 and CLOSES: #13, resolved GH-4", "This fixes `#12` and CLOSES: `#13`, resolved `GH-4`"},
		"closing over a line":  {"It fixes\n#12", "It fixes\n`#12`"},
		"closing in emphasis":  {"It **fixes** #12", "It **fixes** `#12`"},
		"closing a repository": {"closes other/repo#2 and octo/fish#3", "closes `other/repo#2` and octo/fish#3"},
		"closing an address":   {"resolves https://github.com/octo/fish/issues/1.", "resolves `https://github.com/octo/fish/issues/1`."},
		"closing a link":       {"fixes [this](https://github.com/octo/fish/issues/1)", "fixes this (`https://github.com/octo/fish/issues/1`)"},
		"duplicate":            {"Duplicate of #7", "Duplicate of `#7`"},
		"other repository":     {"see other/repo#2 and user#3 and a/b@0123abc", "see `other/repo#2` and `user#3` and `a/b@0123abc`"},
		"command":              {"/merge\n\n> /close\n\n- !retest now", "`/merge`\n\n> `/close`\n\n- `!retest` now"},
		"command on a line":    {"fine\n/lgtm cancel", "fine\n`/lgtm` cancel"},
		"command in code":      {"```\n/merge\n```", "  ```\n  /merge\n  ```"},
		"path in text":         {"read/write", "read/write"},
		"tag":                  {"a <b>bold</b> <script>x</script>", "a &lt;b>bold&lt;/b> &lt;script>x&lt;/script>"},
		"comment":              {"x <!-- hls:v1 purpose=triage --> y", "x &lt;!-- hls:v1 purpose=triage --> y"},
		"block of HTML":        {"<div>\n\n# x\n\n</div>", "&lt;div>\n\n# x\n\n&lt;/div>"},
		"tag in code":          {"`<b>`", "`<b>`"},
		"image":                {"![chart](https://evil.example/x.png)", "chart (`https://evil.example/x.png`)"},
		"image by reference":   {"![chart][1]\n\n[1]: https://evil.example/x.png", "chart (`https://evil.example/x.png`)"},
		"image of our own":     {"![](https://github.com/octo/fish/raw/x.png)", "`https://github.com/octo/fish/raw/x.png`"},
		"image with words":     {"![a](https://github.com/octo/fish/raw/x.png)", "a (`https://github.com/octo/fish/raw/x.png`)"},
		"image after all":      {`\![a](https://github.com/octo/fish)`, `\![a](https://github.com/octo/fish)`},
		"image in disguise":    {"!\\[a](https://github.com/octo/fish)", "!\\[a\\](<https://github.com/octo/fish>)"},
		"foreign link":         {"[docs](https://evil.example/?q=1)", "docs (`https://evil.example/?q=1`)"},
		"script link":          {"[x](javascript:alert(1)) [y](data:text/html,z)", "x (`javascript:alert(1)`) y (`data:text/html,z`)"},
		"relative link":        {"[x](//evil.example)", "x (`//evil.example`)"},
		"own link":             {"[code](https://github.com/octo/fish/blob/main/a.go#L1-L2)", "[code](https://github.com/octo/fish/blob/main/a.go#L1-L2)"},
		"near host":            {"[x](https://github.com.evil.example/octo/fish)", "x (`https://github.com.evil.example/octo/fish`)"},
		"near repository":      {"https://github.com/octo/fishy/issues/1", "`https://github.com/octo/fishy/issues/1`"},
		"way up":               {"https://github.com/octo/fish/../../evil/x", "`https://github.com/octo/fish/../../evil/x`"},
		"bare address":         {"go to https://evil.example/a, or www.evil.example.", "go to `https://evil.example/a`, or `www.evil.example`."},
		"own bare address":     {"see https://github.com/octo/fish/issues/3.", "see <https://github.com/octo/fish/issues/3>."},
		"angle address":        {"<https://evil.example> <me@evil.example>", "`https://evil.example` `me@evil.example`"},
		"bidi and tags":        {"a\u202eb\u2066c\U000E0041d\ufe0fe\x07f\u00adg", "abcdefg"},
		"invisible entity":     {"a&#x202e;b&ZeroWidthSpace;c", "abc"},
		"open fence":           {"```go\nx := 1", "```go\nx := 1\n```"},
		"nested fence":         {"````\n```\nx @y\n```\n````", "````\n```\nx @y\n```\n````"},
		"tilde fence":          {"~~~\n```\n~~~", "````\n```\n````"},
		"indented code":        {"    @everyone", "  ```\n  @everyone\n  ```"},
		"drawing":              {"```mermaid\ngraph\n```\n\n```MATH\nx\n```", "```text\ngraph\n```\n\n```text\nx\n```"},
		"suggestion":           {"```suggestion\nx\n```", "```text\nx\n```"},
		"odd info":             {"```go {x=\"y\"} z\na\n```", "```go\na\n```"},
		"no info":              {"```{.mermaid}\na\n```\n\n```<b>\nb\n```", "```\na\n```\n\n```\nb\n```"},
		"mathematics":          {"costs $5 or $$x$$", "costs `$5` or `$$x$$`"},
		"mathematics by code":  {"$`x`$", "`$x$`"},
		"footnote":             {"a[^1]\n\n[^1]: b c", "a\\[^1\\]\n\n\\[^1\\]: b c"},
		"heading from line":    {"a\n===\n\nb\n---", "# a\n\n## b"},
		"table":                {"a|b\n-|:-:\n`x|y`|@z", "| a | b |\n| --- | :-: |\n| \\`x | y\\` |"},
		"table with code":      {"|a|\n|-|\n|`x\\|y`|", "| a |\n| --- |\n| `x\\|y` |"},
		"lists":                {"1. a\n2. b\n   - c\n   - d\n\n* x\n+ y", "1. a\n2. b\n   - c\n   - d\n\n- x\n\n* y"},
		"tasks":                {"- [ ] a\n- [x] b", "- [ ] a\n- [x] b"},
		"emphasis":             {"**Note:** *it* is ~~gone~~ and un*believ*able", "**Note:** *it* is ~~gone~~ and unbelievable"},
		"snake case":           {"call my_func_name and __init__", "call my_func_name and **init**"},
		"hard break":           {"a  \nb\\\nc", "a\\\nb\\\nc"},
		"empty":                {" \n ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := act.Sanitize(c.in, options())
			if got != c.want {
				t.Errorf("Sanitize(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
			harmless(t, got, options())
		})
	}
}

// A few bytes may say so many cells that neither this program nor a reader gets through them.
func TestI6_SanitizeWritesNoSprawlingTable(t *testing.T) {
	t.Parallel()
	table := func(start string, columns, lines int) string {
		row := strings.Repeat("|a", columns) + "|\n"
		return row + start + strings.Repeat("|-", columns) + "|\n" + strings.Repeat("a\n", lines)
	}
	o := options()
	o.Limit = 1 << 20
	for name, text := range map[string]string{
		"a wide one":        table("", 500, 200),
		"a long one":        table("", 10, 4000),
		"many":              strings.Repeat(table("", 100, 20)+"\n", 20),
		"in a list":         "- " + table("  ", 500, 200),
		"no bar at the end": strings.Repeat("a|", 500) + "a\n" + strings.Repeat("-|", 500) + "-\n" + strings.Repeat("a\n", 200),
		"aligned":           strings.ReplaceAll(table("", 500, 200), "-", " :-: "),
		"among blank quotes": strings.Repeat("|a", 500) + "\n" + strings.Repeat("|-", 500) + "\n" +
			strings.Repeat("    >\n", 200),
	} {
		got := act.Sanitize(text, o)
		if !strings.HasPrefix(got, "```text\n") || len(got) > len(text)+64 {
			t.Errorf("%s: %d bytes become %d: %.60q", name, len(text), len(got), got)
		}
		harmless(t, got, o)
	}
	for name, text := range map[string]string{
		"a large one":  table("", 60, 80),
		"some":         strings.Repeat(table("", 10, 10)+"\n", 20),
		"a long text":  table("", 10, 20) + "\n" + strings.Repeat("A line\n", 2000),
		"a thin ruler": "|a|\n|-|\n" + strings.Repeat("|a|\n", 1000),
	} {
		if got := act.Sanitize(text, o); strings.HasPrefix(got, "```") || !strings.Contains(got, "\n| --- |") {
			t.Errorf("%s: is no table any more: %.60q", name, got)
		}
	}
}

func TestE1_SanitizeLetsThroughWhatIsAllowed(t *testing.T) {
	t.Parallel()
	o := options()
	o.Mentions, o.Suggestions = []string{"alice"}, true
	got := act.Sanitize("@Alice, and @alice/team, @alicex:\n\n```suggestion\nx\n```", o)
	if want := "@Alice, and `@alice/team`, `@alicex`:\n\n```suggestion\nx\n```"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	harmless(t, got, o)
}

func TestE1_SanitizeHoldsTheLimit(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"paragraphs": strings.Repeat("A line of words that goes on.\n\n", 6000),
		"one line":   strings.Repeat("ü*", 70000),
		"one fence":  "```go\n" + strings.Repeat("x := 1\n", 20000),
		"a list":     strings.Repeat("- @a <b>\n", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options()
			o.Limit = 4000
			got := act.Sanitize(text, o)
			if n := len([]rune(got)); n > 4000 || n < 3500 {
				t.Errorf("%d characters", n)
			}
			if !strings.HasSuffix(got, "is left out.*") {
				t.Errorf("ends %q", got[len(got)-80:])
			}
			if again := act.Sanitize(got, o); again != got {
				t.Error("changes when sanitized again")
			}
			harmless(t, got, o)
		})
	}
}

func TestS1_SanitizeRedacts(t *testing.T) {
	t.Parallel()
	o := options()
	token, odd := "ghp_canary0123456789", "p*s~w[r]d~x*y"
	o.Redactor = hls.NewRedactor(hls.Secret(token), hls.Secret(odd))
	for _, text := range []string{
		"x " + token, "x ghp_can\u200bary0123456789", `ghp\_can&#97;ry0123456789`, "`" + token + "`", "**" + token + "**",
		"[a](https://x.example/" + token + ")", `p\*s\~w\[r\]d\~x\*y`, `s&#126;w\[r&rbrack;d\~x`, "```\n" + odd + "\n```",
	} {
		shown := strings.ReplaceAll(act.Sanitize(text, o), `\`, "")
		for _, secret := range []string{token, odd} {
			for i := range len(secret) - 7 {
				if strings.Contains(shown, secret[i:i+8]) {
					t.Errorf("Sanitize(%q) shows %q", text, shown)
				}
			}
		}
	}
}

// scraps are what random Markdown is made of.
var scraps = []string{
	"\n", "\n", "\n\n", " ", " ", "  ", "    ", "\t", "> ", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "# ", "## ", "#", "===\n", "---\n", "***\n",
	"```", "````", "~~~", "`", "``", "*", "**", "***", "_", "__", "~", "~~", "|", "|-|-|\n", "a|b\n-|:-:\n", "[", "]", "(", ")", "![", "](", "]: ", "[^1]", "[x] ", "- [ ] ",
	"<", ">", "<b>", "</b>", "<!-- ", " -->", "<div>\n", "<https://e.example>", "<img src=x>", "&#64;", "&lt;", "&", ";", "\\", "\\\n", "!", "/merge", "!retest", "@", "@bot", "@o/team",
	"https://e.example/x", "https://github.com/octo/fish/issues/1", "www.e.example", "mailto:a@b.c", "a@b.c", "fixes ", "closes: ", "Duplicate of ", "#12", "o/r#3", "octo/fish#4", "GH-5",
	"$", "$$", "word", "a", "b c", "é", "0", "\u200b", "\u202e", "\ufe0f", "mermaid\n", "suggestion\n", "go\n", "[a]: x\n", "[a]", ":", "=", "-", "+", ".", ",", "'", "\"", "{", "}",
}

func TestE1_SanitizeRandomMarkdown(t *testing.T) {
	t.Parallel()
	o := options()
	for seed := range uint64(2_000) {
		random := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for range 1 + random.IntN(24) {
			b.WriteString(scraps[random.IntN(len(scraps))])
		}
		got := act.Sanitize(b.String(), o)
		harmless(t, got, o)
		if again := act.Sanitize(got, o); again != got {
			t.Errorf("not idempotent:\n first %q\nsecond %q", got, again)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, b.String())
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n1. b\n   - @c\n2. [d](https://e.example)\n\n> ```\n> /f\n> ```\n", "a|b\n-|-\n`c|d`|**e**", "fixes #1 ![x](y) <b> &#64;z $q$ [^1]",
		"- a\n\n  b\n- [ ] c\n* * *\n~~~~\n", "*a **b** `c`* www.d.e <https://github.com/octo/fish/issues/1>", "[a]: b\n[a] ![a] \\@x\u202e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		o := options()
		got := act.Sanitize(text, o)
		harmless(t, got, o)
		if again := act.Sanitize(got, o); again != got {
			t.Errorf("not idempotent for %q:\n first %q\nsecond %q", text, got, again)
		}
	})
}
