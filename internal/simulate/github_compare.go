package simulate

import (
	"cmp"
	"net/http"
	"slices"

	"hls/internal/hls"
)

// pullHistory is how the heads of a pull request came about. Its zero value is pushes on top of one another.
type pullHistory struct {
	forced map[string]bool       // heads that are not on top of the one before
	merged map[string][]hls.File // what a head brought besides, with a merge of the base branch
}

// PushForced moves a pull request's head to a commit beside the last one, as after a rebase, and returns its SHA.
func (g *GitHub) PushForced(repo string, number int, files []hls.File) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.push(s, files)
	if s.pull.history.forced == nil {
		s.pull.history.forced = map[string]bool{}
	}
	s.pull.history.forced[s.pull.head.SHA] = true
	g.touch(s)
	return s.pull.head.SHA
}

// PushMerge moves a pull request's head to a merge of the base branch. Compared is what the two last heads differ in.
func (g *GitHub) PushMerge(repo string, number int, files, compared []hls.File) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.push(s, files)
	if s.pull.history.merged == nil {
		s.pull.history.merged = map[string][]hls.File{}
	}
	for _, f := range compared {
		s.pull.history.merged[s.pull.head.SHA] = append(s.pull.history.merged[s.pull.head.SHA], count(f))
	}
	g.touch(s)
	return s.pull.head.SHA
}

// maxCompared is how many files a comparison tells of ("Compare two commits").
const maxCompared = 300

// compareHeads knows the heads that pull requests have had. The files stand on the first page alone.
func (g *GitHub) compareHeads(x *exchange, base, head string) reply {
	s := x.headed(head)
	if s != nil && base == s.pull.base.Ref {
		return x.ownDiff(s, head)
	}
	if s == nil || x.headed(base) != s {
		return notFound()
	}
	from, to := slices.Index(s.pull.heads, base), slices.Index(s.pull.heads, head)
	status, files := "ahead", s.between(from, to)
	switch {
	case from == to:
		status, files = "identical", nil
	case s.parted(from, to):
		status, files = "diverged", s.pull.files[head] // from what both have in common
	case from > to:
		status, files = "behind", nil
	}
	items := []object{}
	for _, f := range files[:min(len(files), maxCompared)] {
		items = append(items, x.as.file(s, f))
	}
	commit := func(sha string) object {
		return object{
			"sha": sha, "node_id": "C_" + sha[:10], "commit": object{"message": "simulated", "tree": object{"sha": commitName("tree", sha)}},
			"parents": s.parents(sha),
		}
	}
	return reply{status: http.StatusOK, body: object{
		"url": x.as.api + x.path, "status": status, "ahead_by": max(to-from, 0), "behind_by": max(from-to, 0),
		"total_commits": max(to-from, 0), "base_commit": commit(base), "merge_base_commit": commit(base),
		"commits": []object{commit(head)}, "files": items,
	}}
}

// ownDiff is what a head of a pull request changes of its base branch.
func (x *exchange) ownDiff(s *subject, head string) reply {
	items := []object{}
	for _, f := range s.pull.files[head][:min(len(s.pull.files[head]), maxCompared)] {
		items = append(items, x.as.file(s, f))
	}
	return reply{status: http.StatusOK, body: object{"status": "diverged", "total_commits": 1, "commits": []object{}, "files": items}}
}

// parents are those of a head: the one before and, of a merge, the base branch's.
func (s *subject) parents(sha string) []object {
	parents := []object{{"sha": commitName("parent", sha)}}
	if s.pull.history.merged[sha] != nil {
		parents = append(parents, object{"sha": commitName("base", sha)})
	}
	return parents
}

// headed finds the pull request that ever had a commit as its head.
func (x *exchange) headed(sha string) *subject {
	for _, s := range x.repo.subjects {
		if s.pull != nil && slices.Contains(s.pull.heads, sha) {
			return s
		}
	}
	return nil
}

// parted tells whether one of two heads is not on top of the other.
func (s *subject) parted(a, b int) bool {
	for _, sha := range s.pull.heads[min(a, b)+1 : max(a, b)+1] {
		if s.pull.history.forced[sha] {
			return true
		}
	}
	return false
}

// between is what changed from one head to a later one.
func (s *subject) between(from, to int) []hls.File {
	if from >= to {
		return nil
	}
	if merged := s.pull.history.merged[s.pull.heads[to]]; merged != nil && to == from+1 {
		return merged
	}
	before, after := s.pull.files[s.pull.heads[from]], s.pull.files[s.pull.heads[to]]
	names := map[string][2]hls.File{}
	for _, f := range before {
		names[f.Filename] = [2]hls.File{f}
	}
	for _, f := range after {
		names[f.Filename] = [2]hls.File{names[f.Filename][0], f}
	}
	var files []hls.File
	for name, pair := range names {
		if f, changed := step(pair[0], pair[1]); changed {
			f.Filename = name
			files = append(files, count(f))
		}
	}
	slices.SortFunc(files, func(a, b hls.File) int { return cmp.Compare(a.Filename, b.Filename) })
	return files
}

// step is how a file changes between two heads, each of which has it as a change of the base. A file that a head does not
// change is there as the base has it.
func step(before, after hls.File) (hls.File, bool) {
	if before.Patch == after.Patch && before.Status == after.Status {
		return hls.File{}, false
	}
	f := hls.File{Status: "modified", Patch: repatch(before.Patch, after.Patch)}
	switch {
	case after.Filename == "" && before.Status == "added":
		f.Status = "removed"
	case before.Filename == "" && after.Status == "added":
		f.Status = "added"
	}
	return f, true
}
