package simulate

import (
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"hls/internal/hls"
)

// ReleaseSeed describes a release to add. ID 0 takes a new one.
type ReleaseSeed struct {
	ID         int64
	Tag        string
	Name       string
	Body       string
	Author     string // login
	Draft      bool
	Prerelease bool
	Age        time.Duration // how long ago it was published
}

type release struct{ hls.Release }

// notesLimit is how many characters GitHub takes in the notes of a release.
const notesLimit = 125_000

// AddRelease adds a release.
func (g *GitHub) AddRelease(repo string, seed ReleaseSeed) hls.Release {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	at := g.now().Add(-seed.Age)
	made := &release{hls.Release{
		ID: seed.ID, TagName: seed.Tag, Name: seed.Name, Body: seed.Body, Draft: seed.Draft, Prerelease: seed.Prerelease,
		Author: g.account(seed.Author), Target: r.DefaultBranch, CreatedAt: at, PublishedAt: at,
	}}
	if made.ID == 0 {
		made.ID = g.id()
	}
	if made.Draft {
		made.PublishedAt = time.Time{}
	}
	made.HTMLURL = fmt.Sprintf("%s/%s/releases/tag/%s", htmlHost, r.FullName, seed.Tag)
	r.work.releases = append(r.work.releases, made)
	return made.Release
}

// EditRelease changes the notes of a release, as its author.
func (g *GitHub) EditRelease(repo string, id int64, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	found := r.release(id)
	if found == nil {
		panic(fmt.Sprintf("simulate: no release %d in %s", id, repo))
	}
	found.Body = body
	g.didToRepo(r, Deed{Kind: ReleaseEdited, Actor: found.Author, ID: id, Body: body})
}

// Release returns a release as it stands; the zero one when there is none.
func (g *GitHub) Release(repo string, id int64) hls.Release {
	g.mu.Lock()
	defer g.mu.Unlock()
	if found := g.known(repo).release(id); found != nil {
		return found.Release
	}
	return hls.Release{}
}

// ReleasePayload is the body of a release event about a release as it stands.
func (g *GitHub) ReleasePayload(repo string, id int64, action, sender string, changes Change) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, l := g.known(repo), links{api: apiHost}
	return g.payload(r, action, sender, changes, object{"release": l.release(r, r.release(id))})
}

func (r *repository) release(id int64) *release {
	for _, found := range r.work.releases {
		if found.ID == id {
			return found
		}
	}
	return nil
}

// listReleases lists the newest first; drafts are for those who may write.
func (g *GitHub) listReleases(x *exchange) reply {
	items := []object{}
	for _, r := range slices.Backward(x.repo.work.releases) {
		if !r.Draft || x.mayWrite() {
			items = append(items, x.as.release(x.repo, r))
		}
	}
	return x.list(items)
}

func (g *GitHub) latestRelease(x *exchange) reply {
	for _, r := range slices.Backward(x.repo.work.releases) {
		if !r.Draft && !r.Prerelease {
			return reply{status: http.StatusOK, body: x.as.release(x.repo, r)}
		}
	}
	return notFound()
}

func (g *GitHub) releaseByTag(x *exchange) reply {
	for _, r := range x.repo.work.releases {
		if r.TagName == x.vars["tag"] && !r.Draft {
			return reply{status: http.StatusOK, body: x.as.release(x.repo, r)}
		}
	}
	return notFound()
}

func (g *GitHub) readRelease(x *exchange) reply {
	r := x.repo.release(x.number("release"))
	if r == nil || r.Draft && !x.mayWrite() {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.release(x.repo, r)}
}

func (g *GitHub) editRelease(x *exchange) reply {
	r := x.repo.release(x.number("release"))
	var in struct {
		Name *string `json:"name"`
		Body *string `json:"body"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	switch {
	case r == nil:
		return notFound()
	case !x.mayWrite():
		return forbidden()
	case in.Body != nil && utf8.RuneCountInString(*in.Body) > notesLimit:
		return invalid("Release", "body", "custom", "body is too long (maximum is 125000 characters)")
	}
	if in.Name != nil {
		r.Name = *in.Name
	}
	if in.Body != nil {
		r.Body = *in.Body
	}
	g.didToRepo(x.repo, Deed{Kind: ReleaseEdited, Actor: x.actor, ID: r.ID, Body: r.Body})
	return reply{status: http.StatusOK, body: x.as.release(x.repo, r), effect: true}
}

func (l links) release(r *repository, of *release) object {
	return object{
		"id": of.ID, "node_id": node("RE", of.ID), "url": fmt.Sprintf("%s/repos/%s/releases/%d", l.api, r.FullName, of.ID),
		"html_url": of.HTMLURL, "tag_name": of.TagName, "target_commitish": of.Target, "name": orNull(of.Name),
		"body": orNull(of.Body), "draft": of.Draft, "prerelease": of.Prerelease, "author": l.user(of.Author),
		"created_at": stamp(of.CreatedAt), "published_at": stamp(of.PublishedAt), "assets": []object{},
	}
}
