package pipeline

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// E1: whatever a proposal says, its line in the comment is one line, and what it quotes is code.
func TestE1_AProposalIsOneLine(t *testing.T) {
	t.Parallel()
	hostile := "`x` ``` @octo/team\n\n- [x] done\n<!-- hls:v1 purpose=triage -->\n/merge <img src=x> " + strings.Repeat("long ", 100)
	for _, kind := range hls.EffectKinds() {
		e := hls.Effect{Kind: kind, Title: hostile, Body: hostile, Labels: []hls.Label{{Name: hostile}}, Hold: hostile}
		line := proposalLine(e) + fateOf(hls.Entry{State: hls.EffectDone, DecidedBy: hostile})
		quotes := strings.Count(line, "`")
		if strings.Contains(line, "\n") || quotes%2 != 0 || len([]rune(line)) > 600 {
			t.Errorf("%s: %s", kind, line)
		}
		for i, part := range strings.Split(line, "`") {
			if i%2 == 0 && strings.ContainsAny(part, "@<>[]/") {
				t.Errorf("%s: beside the code stands %q", kind, part)
			}
		}
	}
}

// The comment lists what is open until its time is over, and what became of the rest.
func TestTheBallotSaysWhatBecameOfEach(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	row := func(id int64, state hls.EffectState, by string) hls.Entry {
		return hls.Entry{ID: id, State: state, DecidedBy: by, At: at, Effect: hls.Effect{Kind: hls.CloseIssue}}
	}
	b := ballot{wait: defaultConsent, rows: []hls.Entry{row(1, hls.EffectProposed, ""), row(2, hls.EffectDone, "mona"), row(3, hls.EffectRejected, "paul"),
		row(4, hls.EffectStale, ""), row(5, hls.EffectFailed, "mona"), row(6, hls.Intent, "mona")}}
	for _, want := range []string{
		"- close the issue\n- close the issue: **approved** by `mona`, done\n- close the issue: **rejected** by `paul`\n- close the issue: outdated, not done\n" +
			"- close the issue: **approved** by `mona`, and failed\n- close the issue: **approved** by `mona`\n",
		"Reactions are looked for until 16 March 2026.", "Someone with write access decides",
	} {
		if !strings.Contains(b.text(), want) {
			t.Errorf("no %q in %s", want, b.text())
		}
	}
	b.rows = b.rows[1:]
	if text := b.text(); !strings.HasPrefix(text, "Nothing that HLS proposed here waits") || strings.Contains(text, "until") || len(b.open()) > 0 {
		t.Errorf("text %s", text)
	}
}

// A comment that was written while something approved was under way is written again once that has ended.
func TestTheBallotFollowsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	row := hls.Entry{ID: 7, State: hls.Intent, DecidedBy: "mona", Effect: hls.Effect{Kind: hls.CloseIssue}}
	b := ballot{wait: defaultConsent, rows: []hls.Entry{row}}
	b.posted = &hls.Entry{Effect: hls.Effect{Revision: b.revision(), Rows: b.unsettled()}}
	if !slices.Equal(b.posted.Effect.Rows, []int64{7}) || !b.current() {
		t.Errorf("what is under way: %v, current %t", b.posted.Effect.Rows, b.current())
	}
	b.rows[0].State = hls.EffectDone
	if b.current() {
		t.Error("what has ended is not said")
	}
	b.posted = &hls.Entry{Effect: hls.Effect{Revision: b.revision(), Rows: b.unsettled()}}
	if !b.current() {
		t.Error("what was said is said again")
	}
}
