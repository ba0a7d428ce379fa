package history_test

import (
	"bytes"
	"strings"
	"testing"

	"hls/internal/history"
)

// good is a history in which every promise is kept: an issue is edited while HLS is killed and started again, a body is
// sent again under another id, a bot is passed over, a forgery refused; a pull request gets a review.
const good = `
{"at":"2026-01-01T10:00:00Z","rules":{"self":"hls-bot","bots":["renovate[bot]"],"labels":["bug","feature"],"deeds":["labeled","unlabeled","commented","comment_edited","reviewed"],"daily":3,"grace":5000000000}}
{"at":"2026-01-01T10:00:01Z","process":{"what":"started","code":0}}
{"at":"2026-01-01T10:00:02Z","deed":{"kind":"body_set","actor":"mona","repo":"a/b","number":1,"body":"round 1","round":1}}
{"at":"2026-01-01T10:00:02Z","sent":{"n":1,"delivery":"d1","hash":"h1","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:03Z","answered":{"n":1,"code":202,"status":"queued"}}
{"at":"2026-01-01T10:00:04Z","asked":{"repo":"a/b","number":1,"round":1,"status":529,"valid":false,"input":0,"output":0}}
{"at":"2026-01-01T10:00:05Z","asked":{"repo":"a/b","number":1,"round":1,"status":200,"stop":"end_turn","valid":true,"input":10,"output":10}}
{"at":"2026-01-01T10:00:06Z","call":{"method":"POST","path":"/repos/a/b/issues/1/labels","status":200}}
{"at":"2026-01-01T10:00:06Z","deed":{"kind":"labeled","actor":"hls-bot","repo":"a/b","number":1,"label":"bug"}}
{"at":"2026-01-01T10:00:07Z","deed":{"kind":"commented","actor":"hls-bot","repo":"a/b","number":1,"id":71,"body":"About round 1\n\n<!-- hls:v1 purpose=triage sig=00 -->","round":1}}
{"at":"2026-01-01T10:00:08Z","process":{"what":"killed","code":0}}
{"at":"2026-01-01T10:00:09Z","deed":{"kind":"unlabeled","actor":"mona","repo":"a/b","number":1,"label":"feature"}}
{"at":"2026-01-01T10:00:09Z","deed":{"kind":"body_set","actor":"mona","repo":"a/b","number":1,"body":"round 2","round":2}}
{"at":"2026-01-01T10:00:10Z","sent":{"n":2,"delivery":"d2","hash":"h2","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:11Z","process":{"what":"started","code":0}}
{"at":"2026-01-01T10:00:12Z","sent":{"n":3,"delivery":"d2","hash":"h2","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:13Z","answered":{"n":3,"code":202,"status":"queued"}}
{"at":"2026-01-01T10:00:14Z","asked":{"repo":"a/b","number":1,"round":2,"status":200,"stop":"end_turn","valid":true,"input":10,"output":10}}
{"at":"2026-01-01T10:00:15Z","deed":{"kind":"comment_edited","actor":"hls-bot","repo":"a/b","number":1,"id":71,"body":"About round 2\n\n<!-- hls:v1 purpose=triage sig=00 -->","round":2}}
{"at":"2026-01-01T10:00:16Z","sent":{"n":4,"delivery":"d3","hash":"h1","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:17Z","answered":{"n":4,"code":200,"status":"duplicate","reason":"body"}}
{"at":"2026-01-01T10:00:18Z","sent":{"n":5,"delivery":"d4","hash":"h4","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:19Z","answered":{"n":5,"code":200,"status":"ignored","reason":"bot"}}
{"at":"2026-01-01T10:00:20Z","sent":{"n":6,"delivery":"d5","hash":"h5","event":"issues","repo":"a/b","number":1}}
{"at":"2026-01-01T10:00:21Z","answered":{"n":6,"code":401,"status":"error","reason":"signature_mismatch"}}
{"at":"2026-01-01T10:01:00Z","deed":{"kind":"pushed","actor":"paul","repo":"a/b","number":2,"commit":"c1","round":1}}
{"at":"2026-01-01T10:01:01Z","sent":{"n":7,"delivery":"d6","hash":"h6","event":"pull_request","repo":"a/b","number":2}}
{"at":"2026-01-01T10:01:02Z","answered":{"n":7,"code":202,"status":"queued"}}
{"at":"2026-01-01T10:01:03Z","asked":{"repo":"a/b","number":2,"round":1,"status":200,"stop":"end_turn","valid":true,"input":10,"output":10}}
{"at":"2026-01-01T10:01:04Z","deed":{"kind":"reviewed","actor":"hls-bot","repo":"a/b","number":2,"id":72,"body":"About round 1\n\n<!-- hls:v1 purpose=review ref=01 sig=00 -->","commit":"c1","round":1}}
{"at":"2026-01-01T10:02:00Z","process":{"what":"stopped","code":0}}
{"at":"2026-01-01T10:02:01Z","wanted":{"repo":"a/b","number":1,"round":2,"labels":["bug"]}}
{"at":"2026-01-01T10:02:01Z","wanted":{"repo":"a/b","number":2,"round":1}}
{"at":"2026-01-01T10:02:01Z","delivery":{"id":"d1","hash":"h1","hashes":["h1"]}}
{"at":"2026-01-01T10:02:01Z","delivery":{"id":"d2","hash":"h2","hashes":["h2"]}}
{"at":"2026-01-01T10:02:01Z","delivery":{"id":"d4","hash":"h4","hashes":[],"ignored":"bot"}}
{"at":"2026-01-01T10:02:01Z","delivery":{"id":"d6","hash":"h6","hashes":["h6"]}}
{"at":"2026-01-01T10:02:01Z","task":{"id":1,"delivery":"d1","origin":"delivery","repo":"a/b","number":1,"purpose":"triage","actor":"mona","state":"done","attempt":2}}
{"at":"2026-01-01T10:02:01Z","task":{"id":2,"delivery":"d2","origin":"delivery","repo":"a/b","number":1,"purpose":"triage","actor":"mona","state":"done","attempt":1}}
{"at":"2026-01-01T10:02:01Z","task":{"id":3,"delivery":"d6","origin":"delivery","repo":"a/b","number":2,"purpose":"review","actor":"paul","state":"done","attempt":1}}
{"at":"2026-01-01T10:02:01Z","analysis":{"task":1,"revision":"r1","made":"2026-01-01T10:00:05.5Z"}}
{"at":"2026-01-01T10:02:01Z","analysis":{"task":2,"revision":"r2","made":"2026-01-01T10:00:14.5Z"}}
{"at":"2026-01-01T10:02:01Z","analysis":{"task":3,"revision":"r3","made":"2026-01-01T10:01:03.5Z"}}
{"at":"2026-01-01T10:02:01Z","effect":{"id":1,"task":1,"kind":"add_labels","repo":"a/b","number":1,"state":"done","labels":["bug"]}}
{"at":"2026-01-01T10:02:01Z","effect":{"id":2,"task":1,"kind":"upsert_comment","repo":"a/b","number":1,"state":"done","remote":71}}
{"at":"2026-01-01T10:02:01Z","effect":{"id":3,"task":2,"kind":"upsert_comment","repo":"a/b","number":1,"state":"done","remote":71}}
{"at":"2026-01-01T10:02:01Z","effect":{"id":4,"task":3,"kind":"create_review","repo":"a/b","number":2,"state":"done","remote":72}}
{"at":"2026-01-01T10:02:01Z","spend":{"id":1,"task":1,"repo":"a/b","number":1,"state":"void","made":"2026-01-01T10:00:03.9Z"}}
{"at":"2026-01-01T10:02:01Z","spend":{"id":2,"task":1,"repo":"a/b","number":1,"state":"settled","made":"2026-01-01T10:00:04.9Z"}}
{"at":"2026-01-01T10:02:01Z","spend":{"id":3,"task":2,"repo":"a/b","number":1,"state":"settled","made":"2026-01-01T10:00:13.9Z"}}
{"at":"2026-01-01T10:02:01Z","spend":{"id":4,"task":3,"repo":"a/b","number":2,"state":"settled","made":"2026-01-01T10:01:02.9Z"}}
{"at":"2026-01-01T10:02:01Z","counts":{"request/accepted":3,"request/duplicate":1,"request/ignored":1,"request/rejected":1}}
`

// flaw is one way to spoil the good history.
type flaw struct {
	what     string
	promise  string
	harm     history.Harm
	from, to string // replaced once; a from that ends a line adds lines behind it
}

var flaws = []flaw{
	{"an acked delivery is gone", "I1", history.Loss, `{"at":"2026-01-01T10:02:01Z","delivery":{"id":"d2","hash":"h2","hashes":["h2"]}}` + "\n", ""},
	{"an acked delivery is stored with another body", "I1", history.Loss, `"hash":"h2","hashes":["h2"]`, `"hash":"h9","hashes":["h9"]`},
	{"an ignored delivery is not stored", "I1", history.Loss, `"delivery":{"id":"d4"`, `"delivery":{"id":"d9"`},
	{"a duplicate of nothing", "I1", history.Loss, `"delivery":"d3","hash":"h1"`, `"delivery":"d3","hash":"h9"`},
	{"a request has two answers", "I2", history.Double, `"reason":"bot"}}`, `"reason":"bot"}}` + "\n" + `{"at":"2026-01-01T10:00:19Z","answered":{"n":5,"code":200,"status":"ignored"}}`},
	{"an answer of no class", "I2", history.Loss, `"code":401,"status":"error"`, `"code":200,"status":"error"`},
	{"a request is not counted", "I2", history.Loss, `"request/duplicate":1`, `"request/duplicate":0`},
	{"a request is counted twice", "I2", history.Double, `"request/ignored":1`, `"request/ignored":3`},
	{"what is stored and what is counted differ", "I2", history.Loss, `"request/accepted":3`, `"request/accepted":4`},
	{"one body is worked on under two ids", "I3", history.Double, `"id":"d2","hash":"h2","hashes":["h2"]`, `"id":"d2","hash":"h1","hashes":["h1","h2"]`},
	{"one delivery has two tasks", "I3", history.Double, `"id":2,"delivery":"d2"`, `"id":2,"delivery":"d1"`},
	{"an effect outside the closed set", "E1", history.Double, `"kind":"labeled","actor":"hls-bot"`, `"kind":"closed","actor":"hls-bot"`},
	{"a label outside the closed set", "E1", history.Double, `"actor":"hls-bot","repo":"a/b","number":1,"label":"bug"`, `"actor":"hls-bot","repo":"a/b","number":1,"label":"wontfix"`},
	{"an effect on another subject", "E1", history.Double, `"number":1,"id":71,"body":"About round 1`, `"number":3,"id":71,"body":"About round 1`},
	{"a comment without a marker", "E1", history.Double, `"body":"About round 2\n\n<!-- hls:v1 purpose=triage sig=00 -->"`, `"body":"About round 2"`},
	{"an effect without any answer", "E4", history.Double, `"number":2,"round":1,"status":200,"stop":"end_turn","valid":true`, `"number":2,"round":1,"status":529,"valid":false`},
	{"an effect after an answer that was cut off", "E4", history.Double, `"number":1,"round":2,"status":200,"stop":"end_turn"`, `"number":1,"round":2,"status":200,"stop":"max_tokens"`},
	{"an effect after an answer outside the schema", "E4", history.Double, `"number":1,"round":2,"status":200,"stop":"end_turn","valid":true`, `"number":1,"round":2,"status":200,"stop":"end_turn","valid":false`},
	{"two comments with one marker", "E5", history.Double, `"kind":"comment_edited","actor":"hls-bot","repo":"a/b","number":1,"id":71`, `"kind":"commented","actor":"hls-bot","repo":"a/b","number":1,"id":73`},
	{"two reviews of one commit", "E5", history.Double, `ref=01 sig=00 -->","commit":"c1","round":1}}`, `ref=01 sig=00 -->","commit":"c1","round":1}}` + "\n" +
		`{"at":"2026-01-01T10:01:05Z","deed":{"kind":"reviewed","actor":"hls-bot","repo":"a/b","number":2,"id":74,"body":"About round 1\n\n<!-- hls:v1 purpose=review ref=02 sig=00 -->","commit":"c1","round":1}}`},
	{"a row ends as sending", "E5", history.Loss, `"number":1,"state":"done","remote":71`, `"number":1,"state":"sending","remote":71`},
	{"a comment that is called done is not there", "E5", history.Loss, `"remote":72`, `"remote":75`},
	{"a label that is called done is not there", "E5", history.Loss, `"state":"done","labels":["bug"]}`, `"state":"done","labels":["bug","feature-x"]}`},
	{"an unknown row is not shown", "E5", history.Loss, `"number":2,"state":"done","remote":72`, `"number":2,"state":"unknown"`},
	{"Claude is paid again though its answer is stored", "E5", history.Double, `"state":"settled","made":"2026-01-01T10:00:04.9Z"`, `"state":"settled","made":"2026-01-01T10:00:05.9Z"`},
	{"Claude is asked without money set aside", "E5", history.Double, `"number":2,"state":"settled"`, `"number":2,"state":"void"`},
	{"older words after newer ones", "E6", history.Double, `{"at":"2026-01-01T10:00:16Z","sent"`, `{"at":"2026-01-01T10:00:15Z","deed":{"kind":"comment_edited","actor":"hls-bot","repo":"a/b","number":1,"id":71,"body":"About round 1\n\n<!-- hls:v1 purpose=triage sig=00 -->","round":1}}` + "\n" + `{"at":"2026-01-01T10:00:16Z","sent"`},
	{"words about what has long been another", "E6", history.Double, `"at":"2026-01-01T10:00:07Z","deed"`, `"at":"2026-01-01T10:00:07Z","deed":{"kind":"body_set","actor":"mona","repo":"a/b","number":1,"body":"round 2","round":2}}` + "\n" + `{"at":"2026-01-01T10:00:13Z","deed"`},
	{"an effect on what was closed", "E6", history.Double, `{"at":"2026-01-01T10:01:02Z","answered"`, `{"at":"2026-01-01T10:00:50Z","deed":{"kind":"closed","actor":"paul","repo":"a/b","number":2}}` + "\n" + `{"at":"2026-01-01T10:01:02Z","answered"`},
	{"a review on another commit", "E6", history.Double, `{"at":"2026-01-01T10:01:01Z","sent"`, `{"at":"2026-01-01T10:01:00Z","deed":{"kind":"pushed","actor":"paul","repo":"a/b","number":2,"commit":"c1","round":0}}` + "\n" + `{"at":"2026-01-01T10:01:01Z","sent"`},
	{"what a bot caused reaches Claude", "E7", history.Double, `"purpose":"review","actor":"paul"`, `"purpose":"review","actor":"renovate[bot]"`},
	{"what HLS caused reaches Claude", "E7", history.Double, `"purpose":"review","actor":"paul"`, `"purpose":"review","actor":"hls-bot"`},
	{"a subject is analyzed too often", "E7", history.Double, `"daily":3`, `"daily":1`},
	{"a label that a person took off is put on again", "E8", history.Double, `"kind":"unlabeled","actor":"mona","repo":"a/b","number":1,"label":"feature"}}`, `"kind":"unlabeled","actor":"mona","repo":"a/b","number":1,"label":"bug"}}` + "\n" + `{"at":"2026-01-01T10:00:09Z","deed":{"kind":"labeled","actor":"hls-bot","repo":"a/b","number":1,"label":"bug"}}`},
	{"a person's label is taken off", "E8", history.Double, `"kind":"unlabeled","actor":"mona","repo":"a/b","number":1,"label":"feature"}}`, `"kind":"labeled","actor":"mona","repo":"a/b","number":1,"label":"feature"}}` + "\n" + `{"at":"2026-01-01T10:00:09Z","deed":{"kind":"unlabeled","actor":"hls-bot","repo":"a/b","number":1,"label":"feature"}}`},
	{"a task does not end", "O1", history.Loss, `"actor":"paul","state":"done"`, `"actor":"paul","state":"running"`},
	{"a task is parked without a reason", "O1", history.Loss, `"actor":"paul","state":"done"`, `"actor":"paul","state":"parked"`},
	{"an accepted delivery has no task", "O1", history.Loss, `"id":3,"delivery":"d6"`, `"id":3,"delivery":"d5"`},
	{"the newest state is not answered", "O1", history.Loss, `"wanted":{"repo":"a/b","number":1,"round":2`, `"wanted":{"repo":"a/b","number":1,"round":3`},
	{"the newest state is not labeled", "O1", history.Loss, `"round":2,"labels":["bug"]`, `"round":2,"labels":["bug","feature"]`},
	{"a stop ends badly", "O3", history.Loss, `"what":"stopped","code":0`, `"what":"stopped","code":2`},
}

func verdict(t *testing.T, text string) history.Verdict {
	t.Helper()
	entries, err := history.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return history.Check(entries)
}

func TestCheckFindsNothingInAGoodHistory(t *testing.T) {
	t.Parallel()
	if v := verdict(t, good); len(v.Violations) > 0 {
		t.Error(v)
	}
}

func TestCheckFindsEachFlaw(t *testing.T) {
	t.Parallel()
	for _, f := range flaws {
		t.Run(f.promise+" "+f.what, func(t *testing.T) {
			t.Parallel()
			if strings.Count(good, f.from) == 0 {
				t.Fatal("there is nothing to spoil")
			}
			v := verdict(t, strings.Replace(good, f.from, f.to, 1))
			found := false
			for _, violation := range v.Violations {
				found = found || violation.Promise == f.promise && violation.Harm == f.harm
			}
			if !found {
				t.Errorf("it is not found in %q", v)
			}
			if v.Losses()+v.Doubles() != len(v.Violations) {
				t.Errorf("%d losses and %d doubles of %d violations", v.Losses(), v.Doubles(), len(v.Violations))
			}
		})
	}
}

func TestCheckCountsWhatPeopleHaveToLookAt(t *testing.T) {
	t.Parallel()
	text := strings.Replace(good, `"number":2,"state":"done","remote":72`, `"number":2,"state":"unknown"`, 1)
	text = strings.Replace(text, `"actor":"paul","state":"done"`, `"actor":"paul","state":"parked","reason":"effect_unknown"`, 1)
	text = strings.Replace(text, `"counts":{`, `"counts":{"effect/create_review/unknown":1,`, 1)
	if v := verdict(t, text); v.Unknown != 1 || v.Parked != 1 || len(v.Violations) != 0 {
		t.Errorf("%+v", v)
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	var log history.Log
	entries, err := history.Read(strings.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		log.Add(e)
	}
	log.Add(history.Entry{Process: &history.Process{What: "paused"}})
	var text bytes.Buffer
	if err := history.Write(&text, log.Entries()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	again, err := history.Read(&text)
	if err != nil || len(again) != len(entries)+1 || len(lines) != len(again) || again[len(entries)].At.IsZero() {
		t.Errorf("%d entries, %d lines, read %d: %v", len(entries)+1, len(lines), len(again), err)
	}
	if _, err := history.Read(strings.NewReader(`{"at":"2026-01-01T10:00:00Z","unheard_of":1}`)); err == nil {
		t.Error("a member that is not known passes")
	}
}
