package sweep

import (
	"crypto/sha256"
	"encoding/hex"

	"hls/internal/hls"
)

const opened = "opened"

// nameOf names a delivery after the state of its subject: whoever finds the same makes the same.
func nameOf(e hls.Event) string {
	revision := ""
	switch {
	case e.PullRequest != nil:
		revision = e.PullRequest.Revision()
	case e.Issue != nil:
		revision = e.Issue.Revision()
	}
	sum := sha256.Sum256([]byte(e.Subject.Key() + "\x00" + revision))
	return hls.SweptID + hex.EncodeToString(sum[:20])
}
