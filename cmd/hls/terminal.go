package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"hls/internal/hls"
)

var (
	returns = strings.NewReplacer("\r", `\r`)
	breaks  = strings.NewReplacer("\n", `\n`, "\t", `\t`)
)

// plain is text as a terminal may be given it, whoever wrote it: it obeys nothing in it and hides nothing of it.
func plain(text string) string { return returns.Replace(hls.Visible(text)) }

// cell is plain text on one line, for a table.
func cell(text string) string { return breaks.Replace(plain(text)) }

// printJSON prints a value. Characters that a terminal obeys or hides stand as escapes of JSON, which is the same value.
func printJSON(w io.Writer, value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var out strings.Builder
	var last rune
	for _, r := range text.String() {
		unseen := hls.Unseen(r, last)
		switch {
		case !unseen:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		if last = r; unseen {
			last = 0
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// told is how commands print times.
func told(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// eventName is an event as the settings name it.
func eventName(event, action string) string { return hls.Event{Name: event, Action: action}.String() }
