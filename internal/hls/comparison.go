package hls

// Comparison is how one commit differs from another ("Compare two commits").
type Comparison struct {
	Status string `json:"status"` // of head, seen from base: "ahead", "behind", "diverged" or "identical"
	Files  []File `json:"files"`  // that differ between head and what both have in common
}

// mostCompared is how many files a comparison tells of, whatever page is asked for.
const mostCompared = 300

// Ahead tells whether head is base with further commits on top, and all files are told that these changed.
func (c Comparison) Ahead() bool { return c.Status == "ahead" && len(c.Files) < mostCompared }
