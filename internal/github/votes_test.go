package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// Reactions are read with who put them there and when, page by page and so far; what has not changed is not sent again.
func TestVotesAreReadSoFar(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	of := func(path, page string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == `"v`+page+`"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			var votes []hls.Vote
			for range perPage {
				votes = append(votes, hls.Vote{User: hls.Account{ID: 3, Login: "mona", Type: "User"}, Content: hls.ThumbsUp, At: at})
			}
			w.Header().Set("ETag", `"v`+page+`"`)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=9>; rel="next"`, r.Host, path))
			_ = json.NewEncoder(w).Encode(votes)
		}
	}
	const path = "/repos/acme/widget/issues/comments/5/reactions"
	s := serve(t, routes{"GET " + path: func(w http.ResponseWriter, r *http.Request) { of(path, r.URL.Query().Get("page"))(w, r) }})
	c := dial(t, s)
	for range 2 {
		votes, err := c.Votes(t.Context(), widget, 5)
		if err != nil || len(votes) != mostVotes || votes[0].User.ID != 3 || votes[0].Content != hls.ThumbsUp || !votes[0].At.Equal(at) {
			t.Fatalf("%d votes, %v", len(votes), err)
		}
	}
	seen := s.seen()
	if len(seen) != 2*mostVotes/perPage {
		t.Fatalf("asked %d times", len(seen))
	}
	for i, r := range seen {
		if known := r.Header.Get("If-None-Match") != ""; known != (i >= len(seen)/2) || !strings.HasSuffix(r.Path, "/comments/5/reactions") {
			t.Errorf("request %d: %s, known %t", i, r.Path, known)
		}
	}
}
