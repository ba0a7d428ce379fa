package app_test

import (
	"strings"

	"hls/internal/simulate"
)

// commentSteps are what people say: comment #N FILE by LOGIN, edit-comment #N FILE by LOGIN and delete-comment #N by LOGIN,
// of the newest comment. hold EVENT.ACTION #N by LOGIN makes a delivery that the next redeliver sends.
var commentSteps = map[string]func(*journey, []string){
	"comment": func(j *journey, w []string) {
		j.github.CommentAs(widgets, number(j.t, w[0]), w[3], strings.TrimSuffix(j.file(w[1]), "\n"))
	},
	"edit-comment": func(j *journey, w []string) {
		j.github.EditCommentAs(widgets, number(j.t, w[0]), w[3], strings.TrimSuffix(j.file(w[1]), "\n"))
	},
	"hold": func(j *journey, w []string) {
		event, action, _ := strings.Cut(w[0], ".")
		d := simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1}
		d.Payload = payloads[event](j, about{number(j.t, w[1]), action, w[3], nil})
		j.titles[d.GUID] = w[0] + " " + w[1]
		j.sent = append(j.sent, d)
	},
	"delete-comment": func(j *journey, w []string) { j.github.DeleteCommentAs(widgets, number(j.t, w[0]), w[2]) },
}
