package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/web"
)

// hostile is what somebody may write in the hope that a maintainer's terminal obeys it: colors and titles by escape
// sequences in seven and in eight bits, a line written over, text turned around and text that is not seen.
const hostile = "\x1b[2J\x1b]0;owned\a\u009b31m\u0085\rall is well\nstate     done \u202egnp\u200b\u2066\U000e0041\x7f\x00end"

// obeyed is what must not reach a terminal.
func obeyed(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("\u202e\u200b\u2066\U000e0041", r)
	})
}

// spread puts a text into every string of a value.
func spread(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				spread(v.Field(i), text)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		spread(v.Elem(), text)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			raw, _ := json.Marshal(map[string]string{"summary": text})
			v.SetBytes(raw)
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		spread(v.Index(0), text)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		spread(value, text)
		v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), value)
	default:
	}
}

// Whatever stands in a delivery, a terminal is given nothing that it would obey, and no line that looks like another's.
func TestTerminalsObeyNothingInADelivery(t *testing.T) {
	t.Parallel()
	var shown web.Shown
	spread(reflect.ValueOf(&shown).Elem(), hostile)
	var out bytes.Buffer
	if err := printDelivery(&out, shown); err != nil {
		t.Fatal(err)
	}
	if err := printDeliveries(&out, []web.Listed{shown.Listed}); err != nil {
		t.Fatal(err)
	}
	report := replayReport{Replayed: []replayed{{web.Replayed{DeliveryID: hostile}, hostile}}}
	c := &call{io: streams{out: &out, err: &out}}
	if err := (deliveriesReplayCmd{}).print(c, report); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	exitCode(&errs, &web.Refused{Code: http.StatusNotFound, Reason: hostile})
	if text := out.String() + errs.String(); obeyed(text) || !strings.Contains(text, `\u{1b}[2J`) || !strings.Contains(text, `\u{9b}31m`) {
		t.Errorf("%q", text)
	}
	if n := strings.Count(out.String(), "\nstate     "); n != 1 {
		t.Errorf("%d lines tell the state:\n%s", n, out.String())
	}
	for _, section := range []string{"\nplanned\n", "\ndropped\n", "\neffects\n", "\nsilent    ", "summary"} {
		if !strings.Contains(out.String(), section) {
			t.Errorf("no %q in:\n%s", section, out.String())
		}
	}
}

// As JSON a delivery is the same value, and no character of it does anything to a terminal.
func TestTerminalsObeyNothingInJSON(t *testing.T) {
	t.Parallel()
	var shown, back web.Shown
	spread(reflect.ValueOf(&shown).Elem(), hostile)
	var out bytes.Buffer
	if err := printJSON(&out, shown); err != nil {
		t.Fatal(err)
	}
	if obeyed(out.String()) {
		t.Errorf("%q", out.String())
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Reason != hostile || back.Analysis.User != hostile || back.Plan.Dropped[0].Why != hostile || back.Effects[0].Error != hostile {
		t.Errorf("%+v", back)
	}
}

func TestPlainTextStays(t *testing.T) {
	t.Parallel()
	const text = "Größe 👩‍👩‍👧 — «ok»\n\tنعم"
	if got := plain(text); got != text {
		t.Errorf("%q", got)
	}
	if got := cell("a\tb\nc\r"); got != `a\tb\nc\r` {
		t.Errorf("%q", got)
	}
	if got := hls.Visible("\x1b"); got != `\u{1b}` {
		t.Errorf("%q", got)
	}
}

// What others wrote stays below the stage that it belongs to: no line of it can be taken for a stage, another task or a
// verdict.
func TestTerminalsObeyNothingInWhy(t *testing.T) {
	t.Parallel()
	var why web.Why
	spread(reflect.ValueOf(&why).Elem(), hostile+"\n  act      \nforged, task 9 (x): done")
	why.Tasks[0].TaskID, why.Tasks[0].Plan.Gathered.OmittedIn = 7, 3
	var out bytes.Buffer
	if err := printWhy(&out, why); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if obeyed(text) || !strings.Contains(text, `\u{1b}[2J`) {
		t.Errorf("%q", text)
	}
	for _, stage := range []string{"receive", "record", "route", "gather", "prompt", "analyze", "plan", "act"} {
		if n := len(regexp.MustCompile(`(?m)^  `+stage+`( |$)`).FindAllString(text, -1)); n != 1 {
			t.Errorf("%d lines tell of the stage %s:\n%s", n, stage, text)
		}
	}
	if strings.Contains(text, "\nforged") {
		t.Errorf("a task is forged:\n%s", text)
	}
}

func TestTerminalsObeyNothingInAnUndo(t *testing.T) {
	t.Parallel()
	var undone web.Undone
	spread(reflect.ValueOf(&undone).Elem(), hostile+"\n9 effects: forged")
	other := undone
	other.Effects = []web.UndoEffect{undone.Effects[0]}
	other.Effects[0].Stays = ""
	for _, u := range []web.Undone{undone, other} {
		var out bytes.Buffer
		if err := printUndone(&out, u); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); obeyed(text) || !strings.Contains(text, `\u{1b}[2J`) || strings.Contains(text, "\n9 effects") {
			t.Errorf("%q", text)
		}
	}
}

// Nor can it be taken for a line of a difference that it is not.
func TestTerminalsObeyNothingInADifference(t *testing.T) {
	t.Parallel()
	var one tried
	spread(reflect.ValueOf(&one.Tried).Elem(), hostile+"\nold       forged\n\nlabels\n  + forged")
	var out bytes.Buffer
	printTried(&out, one)
	if err := printTable(&out, trialReport{Deliveries: []tried{one, {web.Tried{DeliveryID: hostile}, hostile}}}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if obeyed(text) || strings.Count(text, "\nold       ") != 1 || strings.Count(text, "\nlabels\n") != 1 || strings.Contains(text, "\n  + forged") {
		t.Errorf("%q", text)
	}
}
