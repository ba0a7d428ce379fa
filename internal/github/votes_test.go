package github

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"hls/internal/hls"
)

// crowd serves so many reactions of each kind, where mona's is the last of them, page by page, and filters them as GitHub
// does.
func crowd(of map[hls.Reaction]int) http.HandlerFunc {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var all []hls.Vote
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		for n := range of[kind] {
			who := hls.Account{ID: int64(10 + n), Login: fmt.Sprint("eve-", n), Type: "User"}
			if n == of[kind]-1 {
				who = hls.Account{ID: 3, Login: "mona", Type: "User"}
			}
			all = append(all, hls.Vote{User: who, Content: kind, At: at})
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		etag := strconv.Quote(r.URL.RawQuery)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		kind, number := hls.Reaction(r.URL.Query().Get("content")), 1
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &number)
		some := slices.DeleteFunc(slices.Clone(all), func(v hls.Vote) bool { return kind != "" && v.Content != kind })
		from := min(len(some), (number-1)*perPage)
		to := min(len(some), from+perPage)
		if to < len(some) {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, number+1))
		}
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(some[from:to])
	}
}

// Reactions are read with who put them there and when, and of many only those that decide: others hide nobody's. It is told
// where there are too many of those. What has not changed is not sent again.
func TestE1_VotesAreSeenInACrowd(t *testing.T) {
	t.Parallel()
	const path = "/repos/acme/widget/issues/comments/5/reactions"
	for name, c := range map[string]struct {
		of       map[hls.Reaction]int
		up, down int  // how many are read
		mona     int  // how many of them are mona's
		all      bool // nothing is left out
		asked    int
	}{
		"few":           {map[hls.Reaction]int{"+1": 2, "-1": 1, "heart": 90}, 2, 1, 2, true, 1},
		"of other kind": {map[hls.Reaction]int{"+1": 40, "-1": 40, "confused": 4000, "eyes": 4000}, 40, 40, 2, true, 3},
		"the most":      {map[hls.Reaction]int{"+1": mostVotes, "-1": 1}, mostVotes, 1, 2, true, 6},
		"too many":      {map[hls.Reaction]int{"+1": 1, "-1": mostVotes + 1}, 1, mostVotes, 1, false, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, routes{"GET " + path: crowd(c.of)})
			client := dial(t, s)
			for range 2 {
				votes, all, err := client.Votes(t.Context(), widget, 5)
				if err != nil || all != c.all {
					t.Fatalf("all %t, %v", all, err)
				}
				read, mona := map[hls.Reaction]int{}, 0
				for _, v := range votes {
					read[v.Content]++
					if v.User.ID == 3 && v.Content != "heart" && !v.At.IsZero() {
						mona++
					}
				}
				if read["+1"] != c.up || read["-1"] != c.down || mona != c.mona {
					t.Errorf("read %v, %d of mona", read, mona)
				}
			}
			seen := s.seen()
			if len(seen) != 2*c.asked {
				t.Fatalf("asked %d times", len(seen))
			}
			for i, r := range seen {
				query, _ := url.ParseQuery(r.Query)
				if known := r.Header.Get("If-None-Match") != ""; known != (i >= len(seen)/2) || query.Get("content") != "" != (i%c.asked > 0) {
					t.Errorf("request %d: %s?%s, known %t", i, r.Path, r.Query, known)
				}
			}
		})
	}
}
