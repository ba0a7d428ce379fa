package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

func TestMoreWritesAreSpelledAsGitHubHasThem(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"POST /repos/acme/widget/issues":                             answer(201, `{"id":900,"number":12,"html_url":"u","user":{"id":3}}`),
		"POST /repos/acme/widget/actions/runs/55/rerun-failed-jobs":  answer(201, `{}`),
		"POST /repos/acme/widget/issues/comments/5/reactions":        answer(201, `{"id":1}`),
		"POST /repos/acme/widget/pulls/comments/6/reactions":         answer(200, `{"id":1}`),
		"PATCH /repos/acme/widget/pulls/comments/6":                  answer(200, `{"id":6}`),
		"PATCH /repos/acme/widget/releases/8":                        answer(200, `{"id":8}`),
		"POST /repos/acme/widget/actions/runs/404/rerun-failed-jobs": answer(404, `{}`),
	})
	c := dial(t, s)
	ctx := t.Context()
	issue, err := c.CreateIssue(ctx, widget, "Main is broken", "text", []string{"ci"})
	remark, err2 := c.EditReviewComment(ctx, widget, 6, "withdrawn")
	for _, err := range []error{
		err, err2, c.RerunFailedJobs(ctx, widget, 55), c.AddReaction(ctx, widget, 5, false, hls.Eyes),
		c.AddReaction(ctx, widget, 6, true, hls.Confused), c.SetReleaseBody(ctx, widget, 8, "notes"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if issue.Number != 12 || issue.HTMLURL != "u" || remark.ID != 6 || c.KnownSelf("acme/widget").ID != 3 {
		t.Errorf("got %+v, %+v, self %+v", issue, remark, c.KnownSelf("acme/widget"))
	}
	for i, want := range []string{
		`{"title":"Main is broken","body":"text","labels":["ci"]}`, `{"body":"withdrawn"}`, "",
		`{"content":"eyes"}`, `{"content":"confused"}`, `{"body":"notes"}`,
	} {
		got := s.seen()[i]
		if want == "" {
			if got.Body != "" || got.Path != "/repos/acme/widget/actions/runs/55/rerun-failed-jobs" {
				t.Errorf("sent %+v", got)
			}
			continue
		}
		wantBody(t, got, want)
	}
	wantReason(t, c.RerunFailedJobs(ctx, widget, 404), reasonNotFound)
}

// What GitHub did not clearly say to have made may be there, and must not be made again without a look.
func TestE5_WhatMayHaveBeenCreatedIsAmbiguous(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"no number": answer(201, `{"id":5}`), "not created": answer(200, `{"id":5,"number":5}`), "accepted": answer(202, `{}`),
		"server error": answer(502, ``), "undecodable": answer(201, `<html>`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, routes{
				"POST /repos/acme/widget/issues":                            handler,
				"POST /repos/acme/widget/actions/runs/55/rerun-failed-jobs": handler,
				"POST /repos/acme/widget/issues/comments/5/reactions":       handler,
				"PATCH /repos/acme/widget/pulls/comments/6":                 handler,
				"PATCH /repos/acme/widget/releases/6":                       handler,
			})
			c := dial(t, s)
			if _, err := c.CreateIssue(t.Context(), widget, "t", "b", nil); kindOf(err) != "ambiguous" {
				t.Errorf("issue: %v", err)
			}
			created := name == "no number" || name == "undecodable"
			if err := c.RerunFailedJobs(t.Context(), widget, 55); !created && kindOf(err) != "ambiguous" {
				t.Errorf("run: %v", err)
			}
			_, edited := c.EditReviewComment(t.Context(), widget, 6, "b")
			for what, err := range map[string]error{"remark": edited, "release": c.SetReleaseBody(t.Context(), widget, 6, "b")} {
				var retry *hls.RetryAfter
				if !errors.Is(err, hls.ErrAmbiguous) || !errors.As(err, &retry) {
					t.Errorf("%s: %v", what, err)
				}
			}
			reaction := c.AddReaction(t.Context(), widget, 5, false, hls.Eyes)
			if told := strings.Contains(name, "created") || name == "no number"; told != (reaction == nil) {
				t.Errorf("reaction: %v", reaction)
			}
		})
	}
}

func TestMoreReadsFitWhatGitHubSends(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/actions/runs/55": answer(200, `{"id":55,"name":"CI","run_attempt":2,"status":"completed",
			"conclusion":"failure","head_sha":"abc","pull_requests":[{"number":7}],"created_at":"2026-01-02T03:04:05Z"}`),
		"GET /repos/acme/widget/actions/runs/56": answer(200, `{"id":56,"status":"queued","conclusion":null,"pull_requests":[]}`),
		"GET /repos/acme/widget/pulls/comments/6": answer(200, `{"id":6,"pull_request_review_id":4,"in_reply_to_id":5,"line":null,
			"original_line":3,"user":{"id":3},"pull_request_url":"https://api.github.com/repos/acme/widget/pulls/7"}`),
		"GET /repos/acme/widget/pulls/7/comments":  answer(200, `[{"id":6},{"id":9}]`),
		"GET /repos/acme/widget/pulls/7/reviews/4": answer(200, `{"id":4,"body":"b"}`),
		"GET /repos/acme/widget/releases/8":        answer(200, `{"id":8,"tag_name":"v1","body":null,"published_at":null}`),
	})
	c := dial(t, s)
	ctx := t.Context()
	run, err := c.Run(ctx, widget, 55)
	if err != nil || run.RunAttempt != 2 || run.PullRequests[0].Number != 7 || run.CreatedAt.IsZero() {
		t.Errorf("run %+v, %v", run, err)
	}
	if run, err = c.Run(ctx, widget, 56); err != nil || run.Conclusion != "" {
		t.Errorf("run %+v, %v", run, err)
	}
	remark, err := c.ReviewComment(ctx, widget, 6)
	if err != nil || remark.ReviewID != 4 || remark.InReplyTo != 5 || remark.OriginalLine != 3 || !remark.On(widget) {
		t.Errorf("remark %+v, %v", remark, err)
	}
	remark.PullRequestURL = strings.Replace(remark.PullRequestURL, "/7", "/17", 1)
	if remark.On(widget) {
		t.Error("a remark of another pull request")
	}
	all, err := c.ReviewComments(ctx, widget)
	if err != nil || len(all) != 2 {
		t.Errorf("remarks %+v, %v", all, err)
	}
	if review, err := c.Review(ctx, widget, 4); err != nil || review.Body != "b" {
		t.Errorf("review %+v, %v", review, err)
	}
	if release, err := c.Release(ctx, widget, 8); err != nil || release.TagName != "v1" || !release.PublishedAt.IsZero() {
		t.Errorf("release %+v, %v", release, err)
	}
	_, gone := c.Run(ctx, widget, 1)
	_, lost := c.Release(ctx, widget, 1)
	if !errors.Is(gone, hls.ErrGone) || !errors.Is(lost, hls.ErrGone) {
		t.Errorf("what is not there: %v, %v", gone, lost)
	}
}

// The newest come first, so that whoever looks for one of the last day stops there.
func TestRecentIssuesAreReadAsFarAsWanted(t *testing.T) {
	t.Parallel()
	page := "[" + strings.Repeat(`{"number":1,"created_at":"2026-01-02T03:04:05Z"},`, 99) + `{"number":1}]`
	s := serve(t, routes{"GET /repos/acme/widget/issues": answer(200, page)})
	n := 0
	for issue, err := range dial(t, s).RecentIssues(t.Context(), widget) {
		if err != nil || n == 0 && !issue.CreatedAt.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
			t.Fatal(issue, err)
		}
		if n++; n == 150 {
			break
		}
	}
	got := s.seen()
	if len(got) != 2 || got[1].Query != "state=all&sort=created&direction=desc&per_page=100&page=2" {
		t.Errorf("asked %+v", got)
	}
}

// A comment is named by its number alone: that of another issue is not the subject's.
func TestE1_ACommentOfAnotherSubjectIsNotThere(t *testing.T) {
	t.Parallel()
	body := `{"id":5,"body":"b","issue_url":"https://api.github.com/repos/acme/widget/issues/%d"}`
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/comments/5": answer(200, fmt.Sprintf(body, 7)),
		"GET /repos/acme/widget/issues/comments/6": answer(200, fmt.Sprintf(body, 17)),
	})
	c := dial(t, s)
	if comment, err := c.Comment(t.Context(), widget, 5); err != nil || comment.Body != "b" {
		t.Errorf("%+v, %v", comment, err)
	}
	if comment, err := c.Comment(t.Context(), widget, 6); !errors.Is(err, hls.ErrNotFound) || comment.ID != 0 {
		t.Errorf("%+v, %v", comment, err)
	}
}
