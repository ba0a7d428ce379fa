package prompt

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hls/internal/hls"
)

// kinds of text that take more bytes in a prompt than they have, or more tokens than bytes suggest.
var kinds = map[string]string{"letters": "a", "zero-width": "\u200b", "controls": "\x01", "emoji": "😀", "tags": "\U000e0041", "joiners": "\u200d", "brackets": "<", "lines": "a\n"}

// huge is an event whose every text is as long as anyone can make it.
func huge(t *testing.T, name, unit string) Input {
	t.Helper()
	in := sample(t, name, hls.Rule{})
	text := "begins " + strings.Repeat(unit, 65_536) + " ends"
	in.Facts.Comments, in.Facts.Similar, in.Facts.Linked, in.Facts.Omitted, in.Facts.Checks.Failed = nil, nil, nil, nil, nil
	for i := range 40 {
		in.Facts.Comments = append(in.Facts.Comments, hls.Comment{User: hls.Account{ID: 1, Login: "mona"}, Body: fmt.Sprintf("comment-%d-", i) + text})
		in.Facts.Checks.Failed = append(in.Facts.Checks.Failed, text)
	}
	for i := range 5 {
		other := hls.Issue{Number: 100 + i, Title: text, Body: text, State: "open"}
		in.Facts.Similar, in.Facts.Linked = append(in.Facts.Similar, other), append(in.Facts.Linked, other)
	}
	for i := range 500 {
		in.Facts.Omitted = append(in.Facts.Omitted, hls.Omission{Filename: fmt.Sprintf("%s/file-%d.go", strings.Repeat(unit, 4000), i), Why: "over_budget"})
	}
	if in.Facts.Issue != nil {
		in.Facts.Issue.Title, in.Facts.Issue.Body = text, text
	}
	if in.Facts.PullRequest != nil {
		in.Facts.PullRequest.Title, in.Facts.PullRequest.Body = text, text
	}
	return in
}

// sent is the event's text within a prompt.
func sent(t *testing.T, p hls.Prompt) string {
	t.Helper()
	_, rest, _ := strings.Cut(p.User, "\n<<<EVENT "+zeroNonce+"\n")
	text, _, ok := strings.Cut(rest, "\nEVENT "+zeroNonce+">>>\n")
	if !ok {
		t.Fatal("the event stands in no fence")
	}
	if opened, closed := strings.Count(text, "<<<DATA "+zeroNonce), strings.Count(text, "\nDATA "+zeroNonce+">>>"); opened != closed {
		t.Errorf("%d pieces begin and %d end", opened, closed)
	}
	if !utf8.ValidString(text) {
		t.Error("a character is cut in two")
	}
	return text
}

func TestO1_TextOfAnyLengthAndKindMakesAPrompt(t *testing.T) {
	t.Parallel()
	for kind, unit := range kinds {
		for _, name := range []string{"issues.opened", "pull_request.opened"} {
			t.Run(name+" of "+kind, func(t *testing.T) {
				t.Parallel()
				in := huge(t, name, unit)
				in.Facts.Diff = "=== save.go\n" + strings.Repeat("+some code\n", 96_000/11) + "the diff ends\n"
				text := sent(t, render(t, renderer(t, Config{}), in))
				if len(text) > maxPrompt {
					t.Errorf("%d bytes", len(text))
				}
				want := []string{"begins ", "comment-0-", "comment-4-", "comment-15-", "comment-39-", "characters left out]"}
				if in.Facts.PullRequest != nil {
					want = append(want, "the diff ends\n", "#104", "and 20 more")
				}
				for _, w := range want {
					if !strings.Contains(text, w) {
						t.Errorf("%q does not show", w)
					}
				}
				if strings.Contains(text, "comment-5-") || strings.Contains(text, unit+" ends\nDATA") {
					t.Error("nothing was cut")
				}
			})
		}
	}
}

func TestO1_TemplatesThatShowEverythingAreCutAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"fences":   `{% for n in range(40) %}{{ (n ~ ": " ~ issue.body) | fence("body") }}{{ "\n" }}{% endfor %}`,
		"payload":  `{% for n in range(40) %}{{ payload | tojson }}{% endfor %}`,
		"comments": `{% for c in comments %}{{ c.body }}{{ issue.title }}{{ omitted }}{% endfor %}`,
	} {
		for _, kind := range []string{"letters", "zero-width", "lines"} {
			t.Run(name+" of "+kind, func(t *testing.T) {
				t.Parallel()
				in := huge(t, "issues.opened", kinds[kind])
				in.Event.Body = []byte(`{"action":"opened","text":"` + strings.Repeat("word ", 20_000) + `"}`)
				p := render(t, renderer(t, Config{BaseDir: folder(t, map[string]string{"issues/analyze.j2": source})}), in)
				text := sent(t, p)
				if len(text) > maxPrompt || len(text) < maxPrompt/2 {
					t.Errorf("%d bytes", len(text))
				}
				if !strings.HasSuffix(text, " characters left out]") {
					t.Errorf("ends %q", text[len(text)-80:])
				}
			})
		}
	}
}

func TestO1_TheBoundIsOnTextAsItIsShown(t *testing.T) {
	t.Parallel()
	r := renderer(t, Config{BaseDir: folder(t, map[string]string{"issues/analyze.j2": "{{ payload.text }}"})})
	in := sample(t, "issues.opened", hls.Rule{})
	in.Event.Body = []byte(`{"action":"opened","text":"` + strings.Repeat("\u200b", 50_000) + `"}`) // 150,000 bytes, shown in 400,000
	if text := sent(t, render(t, r, in)); len(text) > maxPrompt || !strings.HasSuffix(text, " characters left out]") {
		t.Errorf("%d bytes", len(text))
	}
}

func TestNoLineOfAFenceIsCutInTwo(t *testing.T) {
	t.Parallel()
	r := renderer(t, Config{})
	piece := "<<<DATA " + r.stand + " title\n" + strings.Repeat("some text\n", 9) + "DATA " + r.stand + ">>>\n"
	text := strings.Repeat(piece, 20)
	for limit := 400; limit < 900; limit++ {
		got := r.bounded(text, limit)
		rest := strings.ReplaceAll(got, r.stand, "")
		if len(got) > limit || strings.Contains(rest, r.stand[:1]) && strings.Contains(rest, "DATA "+r.stand[:1]) {
			t.Fatalf("limit %d: %q", limit, got)
		}
		if strings.Count(rest, "<<<DATA ") != strings.Count(rest, "DATA >>>") {
			t.Fatalf("limit %d: a piece does not end: %q", limit, got)
		}
	}
}

func TestS1_ASecretIsRedactedBeforeTheTextIsCut(t *testing.T) {
	t.Parallel()
	const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
	r := renderer(t, Config{BaseDir: folder(t, map[string]string{"issues/analyze.j2": "{{ comments[0].body }}"})}, secret)
	in := sample(t, "issues.opened", hls.Rule{})
	body := strings.Repeat(secret+" ", 2000) // Cut as it is, it would end within a secret.
	in.Facts.Comments[0].Body = body
	p := render(t, r, in)
	for i := range len(secret) - 8 {
		if strings.Contains(p.User, secret[i:i+8]) {
			t.Fatalf("%q shows", secret[i:i+8])
		}
	}
	if text := r.bounded(strings.Repeat("x", 5000), 1000); len(text) > 1000 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestCutPathsKeepTheFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a/b.go":                           "a/b.go",
		strings.Repeat("d/", 100) + "b.go": "…/b.go",
	} {
		if got := cutPath(name); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for kind, unit := range kinds {
		if got := hls.Visible(cutPath("d/" + strings.Repeat(unit, 5000))); len(got) > longName+2*len("…/") {
			t.Errorf("%s: %d bytes", kind, len(got))
		}
	}
}

func TestO1_AnEventTooLargeForItsTemplateIsShownSmaller(t *testing.T) {
	t.Parallel()
	r := renderer(t, Config{BaseDir: folder(t, map[string]string{"issues/analyze.j2": "{{ diff }}\n{{ payload | tojson }}"})})
	in := sample(t, "issues.opened", hls.Rule{})
	in.Event.Body = []byte(`{"action":"opened","list":[` + strings.Repeat(`{"text":"`+strings.Repeat("word ", 2000)+`"},`, 1000) + `1]}`)
	in.Facts.Diff = strings.Repeat("+some code\n", 8000) + "the diff ends"
	text := sent(t, render(t, r, in))
	for _, want := range []string{"the diff ends", `"list": [{"text": "word word`, " characters left out]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not show", want)
		}
	}
}

func TestATemplateThatNeverEndsIsItsOwnFault(t *testing.T) {
	t.Parallel()
	r := renderer(t, Config{BaseDir: folder(t, map[string]string{"issues/analyze.j2": `{% for n in range(100000) %}{{ "x" * 1000 }}{% endfor %}`})})
	if p, err := r.Render(t.Context(), sample(t, "issues.opened", hls.Rule{})); err == nil {
		t.Errorf("%d bytes", len(p.User))
	}
}
