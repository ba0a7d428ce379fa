package web

import (
	"context"
	"net/http"
	"time"
)

const (
	mostLooks   = 6 // at a time
	viewerLooks = 4 // of these
	lookWaits   = 2 * time.Second
)

// looks bounds how much is read for people at a time, for what they are shown is made in memory whole. Viewers leave room
// for operators.
type looks struct{ all, viewers chan struct{} }

func newLooks() *looks {
	return &looks{make(chan struct{}, mostLooks), make(chan struct{}, viewerLooks)}
}

// begin waits a moment for room. Where there is some, end must be called.
func (l *looks) begin(ctx context.Context, of role) (end func(), refused *Refused) {
	patience := time.NewTimer(lookWaits)
	defer patience.Stop()
	var entered []chan struct{}
	end = func() {
		for _, room := range entered {
			<-room
		}
	}
	rooms := []chan struct{}{l.all}
	if of != operator {
		rooms = []chan struct{}{l.viewers, l.all}
	}
	for _, room := range rooms {
		select {
		case room <- struct{}{}:
			entered = append(entered, room)
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		end()
		return nil, &Refused{http.StatusServiceUnavailable, "too many look at a time: try again in a moment"}
	}
	return end, nil
}
