package hls

// Access is what an account may do in a repository. Permission is GitHub's "admin", "write", "read" or "none": it tells the
// role maintain as write, triage as read, and a custom role as the one that it is based on ("REST API endpoints for
// collaborators", Get repository permissions for a user).
type Access struct {
	User       Account `json:"user"`
	Permission string  `json:"permission"`
}

// Writes tells whether the account has write access. A word that GitHub did not use when this was written gives none.
func (a Access) Writes() bool { return a.Permission == "admin" || a.Permission == "write" }
