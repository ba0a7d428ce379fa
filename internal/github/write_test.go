package github

import (
	"encoding/json"
	"reflect"
	"testing"

	"hls/internal/hls"
)

// E8: labels are added to what is there. PUT would replace what people set.
func TestE8_LabelsAreAddedByPost(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"POST /repos/acme/widget/issues/7/labels": answer(200, `[]`),
		"PUT /repos/acme/widget/issues/7/labels":  answer(200, `[]`),
	})
	c := dial(t, s)
	if err := c.AddLabels(t.Context(), widget, []string{"bug", "good first issue"}); err != nil {
		t.Fatal(err)
	}
	if err := c.AddLabels(t.Context(), widget, nil); err != nil {
		t.Fatal(err)
	}
	got := s.seen()
	if len(got) != 1 || got[0].Method != "POST" {
		t.Fatalf("sent %+v", got)
	}
	wantBody(t, got[0], `{"labels":["bug","good first issue"]}`)
}

// E8: one label is removed, never all of them: DELETE …/labels and …/labels/ would.
func TestE8_OnlyOneLabelIsRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"DELETE /repos/acme/widget/issues/7/labels/a/b 100%": answer(200, `[]`),
		"DELETE /repos/acme/widget/issues/7/labels/gone":     answer(404, `{"message":"Label does not exist"}`),
	})
	c := dial(t, s)
	if err := c.RemoveLabel(t.Context(), widget, "a/b 100%"); err != nil {
		t.Error(err)
	}
	if got := s.seen()[0].Path; got != "/repos/acme/widget/issues/7/labels/a%2Fb%20100%25" {
		t.Errorf("sent %s", got)
	}
	if err := c.RemoveLabel(t.Context(), widget, "gone"); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
	sent := len(s.seen())
	for _, name := range []string{"", ".", ".."} {
		wantReason(t, c.RemoveLabel(t.Context(), widget, name), reasonInvalid)
	}
	if len(s.seen()) != sent {
		t.Errorf("sent %+v", s.seen()[sent:])
	}
}

func TestWritesAreSpelledAsGitHubHasThem(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"POST /repos/acme/widget/labels":             answer(201, `{"id":1}`),
		"POST /repos/acme/widget/issues/7/comments":  answer(201, `{"id":5,"html_url":"u"}`),
		"PATCH /repos/acme/widget/issues/comments/5": answer(200, `{"id":5}`),
		"PATCH /repos/acme/widget/issues/7":          answer(200, `{}`),
		"POST /repos/acme/widget/pulls/7/reviews":    answer(200, `{"id":6}`),
	})
	c := dial(t, s)
	ctx := t.Context()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	do(c.CreateLabel(ctx, "acme/widget", hls.Label{Name: "bug", Description: "d", Color: "#ff0000"}))
	comment, err := c.CreateComment(ctx, widget, "<b> & …")
	do(err)
	_, err = c.EditComment(ctx, widget, 5, "new")
	do(err)
	do(c.CloseIssue(ctx, widget, "not_planned"))
	do(c.SetBody(ctx, widget, "text"))
	review, err := c.CreateReview(ctx, widget, "abc", "sum", []hls.Remark{
		{Path: "a.go", Line: 3, EndLine: 3, Side: "RIGHT", Body: "one"},
		{Path: "a.go", Line: 3, EndLine: 9, Side: "LEFT", Body: "many"},
	})
	do(err)
	if comment.ID != 5 || comment.HTMLURL != "u" || review.ID != 6 {
		t.Errorf("got %+v, %+v", comment, review)
	}
	for i, want := range []string{
		`{"name":"bug","description":"d","color":"ff0000"}`,
		`{"body":"<b> & …"}`,
		`{"body":"new"}`,
		`{"state":"closed","state_reason":"not_planned"}`,
		`{"body":"text"}`,
		`{"commit_id":"abc","event":"COMMENT","body":"sum","comments":[
			{"path":"a.go","line":3,"side":"RIGHT","body":"one"},
			{"path":"a.go","line":9,"side":"LEFT","start_line":3,"start_side":"LEFT","body":"many"}]}`,
	} {
		wantBody(t, s.seen()[i], want)
	}
}

// What is wanted is there already.
func TestALabelThatExistsIsCreated(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"POST /repos/acme/widget/labels": answer(422, `{"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"}]}`)})
	if err := dial(t, s).CreateLabel(t.Context(), "acme/widget", hls.Label{Name: "bug"}); err != nil {
		t.Error(err)
	}
	s = serve(t, routes{"POST /repos/acme/widget/labels": answer(422, `{"message":"Validation Failed","errors":[{"code":"invalid"}]}`)})
	wantReason(t, dial(t, s).CreateLabel(t.Context(), "acme/widget", hls.Label{Name: "bug"}), reasonInvalid)
}

// The target comes from the subject: without a number there is none.
func TestE1_AWriteNeedsANumber(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	c := dial(t, s)
	none := hls.Subject{Repo: "acme/widget", Kind: hls.KindOther}
	wantReason(t, c.AddLabels(t.Context(), none, []string{"bug"}), reasonInvalid)
	wantReason(t, c.CloseIssue(t.Context(), none, ""), reasonInvalid)
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func wantBody(t *testing.T, got seen, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got.Body), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s %s: sent %s, want %s", got.Method, got.Path, got.Body, want)
	}
}
