package app_test

import (
	"encoding/json"
	"slices"
	"strings"

	"hls/internal/simulate"
)

// reviewSteps are what people do in reviews. Reviews and remarks of a pull request are counted from 1, HLS's own among
// them.
var reviewSteps = map[string]func(*journey, []string){
	"review": func(j *journey, w []string) { // review #N FILE by LOGIN
		var seed simulate.ReviewSeed
		if err := json.Unmarshal([]byte(j.file(w[1])), &seed); err != nil {
			j.t.Fatal(err)
		}
		j.github.ReviewAs(widgets, number(j.t, w[0]), w[3], seed)
	},
	"reply": func(j *journey, w []string) { // reply #N REMARK FILE by LOGIN
		j.github.ReplyAs(widgets, w[4], j.remark(w[0], w[1]).ID, strings.TrimSpace(j.file(w[2])))
	},
	"erase": func(j *journey, w []string) { // erase #N REMARK by LOGIN: GitHub tells of it what it was
		id := j.remark(w[0], w[1]).ID
		d := simulate.Delivery{Event: "pull_request_review_comment", GUID: simulate.NewGUID(), HookID: 1}
		d.Payload = j.github.RemarkPayload(widgets, id, "deleted", w[3])
		j.github.DeleteRemark(widgets, id)
		j.titles[d.GUID] = "pull_request_review_comment.deleted " + w[0]
		j.sent = append(j.sent, d)
		j.post(d)
	},
	"reword": func(j *journey, w []string) { // reword #N REVIEW FILE
		j.github.EditReview(widgets, number(j.t, w[0]), j.reviewed(w[0], w[1]).ID, j.file(w[2]))
	},
	"dismiss": func(j *journey, w []string) { // dismiss #N REVIEW
		j.github.DismissReview(widgets, number(j.t, w[0]), j.reviewed(w[0], w[1]).ID)
	},
	"permit": func(j *journey, w []string) { j.github.SetPermission(widgets, w[0], strings.Trim(w[1], `"`)) },
}

func (j *journey) remark(pull, n string) simulate.Remark {
	return j.github.Remarks(widgets, number(j.t, pull))[number(j.t, n)-1]
}

func (j *journey) reviewed(pull, n string) simulate.Review {
	return j.github.Reviews(widgets, number(j.t, pull))[number(j.t, n)-1]
}

// reviewPayloads are about the newest review or remark of the sender; of a thread, about the first that a person began.
var reviewPayloads = map[string]func(*journey, about) []byte{
	"pull_request_review": func(j *journey, a about) []byte {
		for _, r := range slices.Backward(j.github.Reviews(widgets, a.number)) {
			if a.action == "dismissed" && r.State == "DISMISSED" || a.action != "dismissed" && r.User.Login == a.sender {
				return j.github.ReviewPayload(widgets, a.number, r.ID, a.action, a.sender)
			}
		}
		j.t.Fatalf("script: no review for %+v", a)
		return nil
	},
	"pull_request_review_comment": func(j *journey, a about) []byte {
		for _, r := range slices.Backward(j.github.Remarks(widgets, a.number)) {
			if r.User.Login == a.sender {
				return j.github.RemarkPayload(widgets, r.ID, a.action, a.sender)
			}
		}
		j.t.Fatalf("script: no remark for %+v", a)
		return nil
	},
	"pull_request_review_thread": func(j *journey, a about) []byte {
		for _, r := range j.github.Remarks(widgets, a.number) {
			if r.InReplyTo == 0 && !r.User.Same(j.github.Self()) {
				return j.github.ThreadPayload(widgets, r.ID, a.action, a.sender)
			}
		}
		j.t.Fatalf("script: no thread for %+v", a)
		return nil
	},
}
