package hls_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"hls/internal/hls"
)

var (
	bot    = hls.Account{ID: 1, Login: "hls-bot", Type: "Bot"}
	ann    = hls.Account{ID: 2, Login: "ann", Type: "User"}
	robot  = hls.Account{ID: 3, Login: "stale[bot]", Type: "Bot"}
	began  = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	window = hls.OverrideWindow
)

func touch(fate hls.Fate, by hls.Account, after time.Duration) hls.Touch {
	return hls.Touch{Label: "bug", Fate: fate, By: by, At: began.Add(after), Self: bot}
}

// TestE8_OverridesAreCountedOnce: what people undo of HLS's within 30 days is an override, in whatever order it is told.
func TestE8_OverridesAreCountedOnce(t *testing.T) {
	t.Parallel()
	const added, removed, kept = hls.LabelAdded, hls.LabelRemoved, hls.LabelKept
	for name, c := range map[string]struct {
		touches          []hls.Touch
		overridden, kept time.Duration // after began; -1 never
	}{
		"taken off":                    {[]hls.Touch{touch(added, bot, 0), touch(removed, ann, time.Hour)}, time.Hour, -1},
		"taken off at once":            {[]hls.Touch{touch(added, bot, 0), touch(removed, ann, 0)}, 0, -1},
		"taken off late":               {[]hls.Touch{touch(added, bot, 0), touch(removed, ann, window+time.Second)}, -1, -1},
		"taken off before":             {[]hls.Touch{touch(removed, ann, 0), touch(added, bot, time.Hour)}, -1, -1},
		"taken off by a bot":           {[]hls.Touch{touch(added, bot, 0), touch(removed, robot, time.Hour)}, -1, -1},
		"taken off by HLS":             {[]hls.Touch{touch(added, bot, 0), touch(removed, bot, time.Hour)}, -1, -1},
		"of a person":                  {[]hls.Touch{touch(added, ann, 0), touch(removed, ann, time.Hour)}, -1, -1},
		"put back":                     {[]hls.Touch{touch(removed, bot, 0), touch(added, ann, time.Hour)}, time.Hour, -1},
		"kept":                         {[]hls.Touch{touch(added, bot, 0), touch(kept, ann, time.Hour)}, -1, time.Hour},
		"a person's kept":              {[]hls.Touch{touch(added, ann, 0), touch(kept, ann, time.Hour)}, -1, -1},
		"set after the closing":        {[]hls.Touch{touch(added, bot, 2*time.Hour), touch(kept, ann, time.Hour)}, -1, -1},
		"taken off, set by a person":   {[]hls.Touch{touch(added, bot, 0), touch(removed, ann, 1), touch(added, ann, 2), touch(kept, ann, 3)}, 1, -1},
		"kept, and taken off later":    {[]hls.Touch{touch(added, bot, 0), touch(kept, ann, 1), touch(removed, ann, 2)}, 2, 1},
		"kept twice":                   {[]hls.Touch{touch(added, bot, 0), touch(kept, ann, 1), touch(kept, ann, 2)}, -1, 1},
		"taken off twice, of one deed": {[]hls.Touch{touch(added, bot, 0), touch(removed, ann, 1), touch(removed, ann, 1)}, 1, -1},
	} {
		told := func(touches []hls.Touch) (s hls.LabelState) {
			for _, one := range touches {
				s = s.With(one)
			}
			return s
		}
		at := func(after time.Duration) time.Time {
			if after < 0 {
				return time.Time{}
			}
			return began.Add(after)
		}
		s := told(c.touches)
		if !s.Overridden.Equal(at(c.overridden)) || !s.Kept.Equal(at(c.kept)) {
			t.Errorf("%s: overridden at %v, kept at %v", name, s.Overridden, s.Kept)
		}
		if again := told(append(slices.Clone(c.touches), c.touches...)); !reflect.DeepEqual(again, s) {
			t.Errorf("%s, told twice: %+v, want %+v", name, again, s)
		}
		if len(c.touches) == 2 && c.kept < 0 {
			back := told([]hls.Touch{c.touches[1], c.touches[0]})
			if !back.Overridden.Equal(s.Overridden) {
				t.Errorf("%s, told in the other order: overridden at %v", name, back.Overridden)
			}
		}
	}
}

func TestHistoryHasWhatIsRemembered(t *testing.T) {
	t.Parallel()
	event := func(label string, added bool, by hls.Account, after time.Duration) hls.LabelEvent {
		return hls.LabelEvent{Label: label, Added: added, Actor: by, At: began.Add(after)}
	}
	var bug hls.LabelState
	for _, one := range []hls.Touch{touch(hls.LabelAdded, bot, 0), touch(hls.LabelRemoved, ann, time.Hour)} {
		bug = bug.With(one)
	}
	put, taken := event("bug", true, bot, 0), event("bug", false, ann, time.Hour)
	other := event("docs", true, ann, time.Minute)
	for name, c := range map[string]struct{ history, want []hls.LabelEvent }{
		"none is shown":       {nil, []hls.LabelEvent{put, taken}},
		"all is shown":        {[]hls.LabelEvent{put, other, taken}, []hls.LabelEvent{put, other, taken}},
		"not yet all":         {[]hls.LabelEvent{put, other}, []hls.LabelEvent{put, other, taken}},
		"by another clock":    {[]hls.LabelEvent{put, event("Bug", false, ann, time.Hour-time.Second)}, []hls.LabelEvent{put, event("Bug", false, ann, time.Hour-time.Second)}},
		"older ones are past": {[]hls.LabelEvent{event("bug", false, ann, -time.Hour), put}, []hls.LabelEvent{event("bug", false, ann, -time.Hour), put, taken}},
	} {
		if got := hls.Remembered(c.history, []hls.LabelState{bug}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	touches := hls.Touches(hls.Subject{Number: 1}, []hls.LabelEvent{put, other, taken, event("ui", true, bot, 0)}, bot)
	if len(touches) != 2 || touches[0].Fate != hls.LabelAdded || touches[1].Fate != hls.LabelRemoved || touches[1].By != ann || touches[1].Subject.Number != 1 {
		t.Errorf("touches %+v", touches)
	}
}

func TestE8_ALabelIsDemoted(t *testing.T) {
	t.Parallel()
	often := hls.Demotion{AtLeast: 5, Share: 0.4}
	for tally, want := range map[hls.LabelTally]bool{
		{}: false, {Applied: 4, Overridden: 4}: false, {Applied: 5, Overridden: 2}: true, {Applied: 5, Overridden: 1}: false,
		{Applied: 100, Overridden: 39}: false, {Applied: 100, Overridden: 40, Kept: 60}: true, {Added: 50}: false,
	} {
		if often.Demotes(tally) != want {
			t.Errorf("%+v: demoted %t", tally, !want)
		}
		if (hls.Demotion{}).Demotes(tally) {
			t.Errorf("%+v is demoted where none is to be", tally)
		}
	}
	if got := (hls.LabelTally{Applied: 9, Overridden: 4}).Demoted(); got != "demoted: people took it off 4 of 9 times" {
		t.Errorf("reason %q", got)
	}
}

// TestE8_TakenBackUntilSetAgain: a label that was taken back counts as removed until somebody sets it, in whatever order it is told.
func TestE8_TakenBackUntilSetAgain(t *testing.T) {
	t.Parallel()
	const added, removed, back = hls.LabelAdded, hls.LabelRemoved, hls.LabelTakenBack
	for name, c := range map[string]struct {
		touches []hls.Touch
		want    bool
	}{
		"taken back":            {[]hls.Touch{touch(added, bot, 0), touch(back, bot, time.Hour), touch(removed, bot, time.Hour)}, true},
		"and not known before":  {[]hls.Touch{touch(back, bot, time.Hour)}, true},
		"set by a person":       {[]hls.Touch{touch(back, bot, 0), touch(added, ann, time.Hour)}, false},
		"set as somebody asked": {[]hls.Touch{touch(back, bot, 0), touch(added, bot, time.Hour)}, false},
		"at once":               {[]hls.Touch{touch(added, bot, 30*time.Second), touch(back, bot, 0)}, true}, // by clocks that differ
		"twice":                 {[]hls.Touch{touch(back, bot, 0), touch(added, ann, time.Hour), touch(back, bot, 2*time.Hour)}, true},
		"never":                 {[]hls.Touch{touch(added, bot, 0), touch(removed, bot, time.Hour)}, false},
	} {
		for range 2 {
			var s hls.LabelState
			for _, one := range c.touches {
				s = s.With(one)
			}
			events := hls.TakenBack([]hls.LabelState{s})
			if (len(events) == 1) != c.want || c.want && (events[0].Added || events[0].Actor.Same(bot)) {
				t.Errorf("%s: %+v", name, events)
			}
			if !s.Overridden.IsZero() && name != "set by a person" && name != "twice" {
				t.Errorf("%s: counted as a person's", name)
			}
			slices.Reverse(c.touches)
		}
	}
}
