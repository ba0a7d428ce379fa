package hls

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// revisionBytes is how much of a hash names a revision: enough that no two of one subject's are alike.
const revisionBytes = 8

// Revision names what an answer to an issue rests on: its title and body, however their lines end.
func (i Issue) Revision() string {
	text := strings.ReplaceAll(i.Title+"\x00"+i.Body, "\r\n", "\n")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:revisionBytes])
}

// Revision names what an answer to a pull request rests on: its head commit and the branch that it would go into.
func (p PullRequest) Revision() string { return p.Head.SHA + "@" + p.Base.Ref }

// Revision names what an answer to a release rests on: its name, its tag and its notes, however their lines end.
func (r Release) Revision() string {
	text := strings.ReplaceAll(r.TagName+"\x00"+r.Name+"\x00"+r.Body, "\r\n", "\n")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:revisionBytes])
}
