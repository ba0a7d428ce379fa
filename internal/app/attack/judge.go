package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// written is the body of any write to GitHub.
type written struct {
	Labels   []string  `json:"labels"`
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Body     string    `json:"body"`
	Event    string    `json:"event"`
	Content  string    `json:"content"`
	Comments []written `json:"comments"`
	Path     string    `json:"path"`
	State    *string   `json:"state"`
	Locked   *bool     `json:"locked"`
	Assigned []string  `json:"assignees"`
}

// A rule of judgment: where a write may go, and what is wrong with it there, "" for nothing. The pattern's first group is a
// number, where it has one.
type judgment struct {
	method string
	path   *regexp.Regexp
	why    func(w *world, at string, n int, body written) string
}

// judgments are every write that the settings can lead to. What is not among them is outside of the configured set.
var judgments = []judgment{
	{http.MethodPost, regexp.MustCompile(`^/issues/(\d+)/labels$`), (*world).labeled},
	{http.MethodDelete, regexp.MustCompile(`^/issues/(\d+)/labels/[^/]+$`), (*world).unlabeled},
	{http.MethodPost, regexp.MustCompile(`^/issues/(\d+)/comments$`), (*world).said},
	{http.MethodPatch, regexp.MustCompile(`^/issues/comments/(\d+)$`), (*world).reworded},
	{http.MethodPost, regexp.MustCompile(`^/pulls/(\d+)/reviews$`), (*world).reviewed},
	{http.MethodPatch, regexp.MustCompile(`^/pulls/comments/(\d+)$`), (*world).struck},
	{http.MethodPost, regexp.MustCompile(`^/(?:issues|pulls)/comments/(\d+)/reactions$`), (*world).reacted},
	{http.MethodPost, regexp.MustCompile(`^/issues()$`), (*world).opened},
	{http.MethodPost, regexp.MustCompile(`^/labels()$`), (*world).created},
	{http.MethodPatch, regexp.MustCompile(`^/releases/(\d+)$`), (*world).noted},
	{http.MethodPost, regexp.MustCompile(`^/actions/runs/(\d+)/rerun-failed-jobs$`), (*world).again},
}

// judge tells why a write is outside of what the settings allow about the subject with number n, or "".
func (w *world) judge(call simulate.Call, n int) string {
	path, ok := strings.CutPrefix(call.Path, "/repos/"+w.repo)
	if !ok {
		return "it is no write to the repository of the event"
	}
	var body written
	if call.Body != "" {
		if err := json.Unmarshal([]byte(call.Body), &body); err != nil {
			return "its body cannot be read: " + err.Error()
		}
	}
	if body.State != nil || body.Locked != nil || body.Assigned != nil {
		return "it changes the state of an issue or pull request"
	}
	for _, j := range judgments {
		m := j.path.FindStringSubmatch(path)
		if m == nil || j.method != call.Method {
			continue
		}
		if id, err := strconv.Atoi(m[1]); err == nil && strings.Contains(path, "/"+m[1]+"/") && !strings.Contains(path, "comments/"+m[1]) && !strings.Contains(path, "runs/") && id != n {
			return fmt.Sprintf("it is about #%d, and the event is about #%d", id, n)
		}
		return j.why(w, path, n, body)
	}
	return "no effect of HLS is written there"
}

func (w *world) lets(k hls.EffectKind) string {
	if !w.rule.Lets(k) {
		return "the settings do not switch " + string(k) + " on"
	}
	return ""
}

func (w *world) labeled(_ string, _ int, body written) string {
	if !w.rule.Labels.AutoApply {
		return "the settings let no label be set"
	}
	return w.configured(body.Labels)
}

func (w *world) configured(labels []string) string {
	for _, name := range labels {
		if !w.allowed[hls.Fold(name)] {
			return fmt.Sprintf("the label %q is not among the configured ones", name)
		}
	}
	return ""
}

// unlabeled: only what HLS itself has set is taken away, and of the attacked subjects none had a label of it before.
func (w *world) unlabeled(path string, n int, _ written) string {
	name, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return err.Error()
	}
	for _, h := range w.github.History(w.repo, n) {
		if h.Added && hls.Fold(h.Label) == hls.Fold(name) && w.github.Self().Same(h.Actor) {
			return ""
		}
	}
	return fmt.Sprintf("the label %q was not set by HLS", name)
}

func (w *world) said(_ string, _ int, body written) string {
	if w.rule.Comments.Post == hls.PostNever {
		return "the settings let nothing be said"
	}
	return w.marked(body.Body)
}

func (w *world) reworded(path string, n int, body written) string {
	for _, c := range w.github.Comments(w.repo, n) {
		if strings.HasSuffix(path, fmt.Sprintf("/%d", c.ID)) && w.github.Self().Same(c.User) {
			return w.marked(body.Body)
		}
	}
	return "it changes a comment that is not of HLS on the subject of the event"
}

func (w *world) reviewed(_ string, _ int, body written) string {
	if body.Event != "COMMENT" {
		return fmt.Sprintf("the review is a verdict: %q", body.Event)
	}
	if why := w.marked(body.Body); why != "" {
		return why
	}
	for _, c := range body.Comments {
		if why := w.harm(c.Body); why != "" {
			return why
		}
	}
	return ""
}

func (w *world) struck(path string, n int, body written) string {
	if why := w.lets(hls.EditRemark); why != "" {
		return why
	}
	for _, r := range w.github.Remarks(w.repo, n) {
		if strings.HasSuffix(path, fmt.Sprintf("/%d", r.ID)) && w.github.Self().Same(r.User) {
			return w.harm(body.Body)
		}
	}
	return "it changes a remark that is not of HLS on the subject of the event"
}

func (w *world) reacted(_ string, _ int, body written) string {
	if body.Content != string(hls.Eyes) && body.Content != string(hls.Confused) {
		return fmt.Sprintf("the reaction is %q", body.Content)
	}
	return w.lets(hls.AddReaction)
}

func (w *world) opened(_ string, _ int, body written) string {
	for _, why := range []string{w.lets(hls.CreateIssue), w.configured(body.Labels), w.marked(body.Body), unseen(body.Title)} {
		if why != "" {
			return why
		}
	}
	return ""
}

func (w *world) created(_ string, _ int, body written) string {
	if !w.rule.Labels.CreateMissing {
		return "the settings let no label be created"
	}
	return w.configured([]string{body.Name})
}

// noted: what people wrote of a release stays as it is to the byte, and what stands between the markers harms nobody.
func (w *world) noted(_ string, _ int, body written) string {
	if why := w.lets(hls.SetSection); why != "" {
		return why
	}
	at := section.FindStringSubmatchIndex(body.Body)
	switch {
	case at == nil:
		return "the section does not stand between its markers"
	case strings.TrimSpace(body.Body[:at[0]]+body.Body[at[1]:]) != strings.TrimSpace(w.notes):
		return "the text of people is changed"
	}
	return w.harm(strings.TrimSpace(body.Body[at[2]:at[3]]))
}

// section is what HLS tells in the notes of a release.
var section = regexp.MustCompile(`(?s)<!-- hls:begin hls-notes -->(.*?)<!-- hls:end hls-notes -->`)

func (w *world) again(string, int, written) string { return w.lets(hls.RerunFailedJobs) }
