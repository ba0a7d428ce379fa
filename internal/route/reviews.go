package route

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"hls/internal/hls"
)

// The names of reviews.labels where none are set.
const (
	needsChanges = "status/needs-changes"
	approved     = "status/approved"
	needsReview  = "status/needs-review"
)

func (c *compiler) reviews(l ReviewLabels) hls.ReviewPolicy {
	var taken []string
	name := func(key string, set *string, unset string) string {
		label := *cmp.Or(set, &unset)
		n := utf8.RuneCountInString(label)
		switch folded := hls.Fold(label); {
		case n == 0:
		case n > maxLabelName:
			c.fail(fmt.Errorf("the label has %d characters; GitHub takes %d", n, maxLabelName), "reviews", "labels", key)
		case slices.Contains(taken, folded):
			c.fail(fmt.Errorf("label %q tells of another state already", label), "reviews", "labels", key)
		default:
			taken = append(taken, folded)
		}
		return label
	}
	return hls.ReviewPolicy{
		NeedsChanges: name("needs_changes", l.NeedsChanges, needsChanges),
		Approved:     name("approved", l.Approved, approved),
		NeedsReview:  name("needs_review", l.NeedsReview, needsReview),
	}
}
