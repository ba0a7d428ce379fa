package hls

import "context"

// Turn is the right to make one write without waiting any more, where limits let only so many be made.
type Turn struct {
	Waited bool                                  // so long that what was read before may no longer be so
	Take   func(context.Context) context.Context // is the context to make the write in
	End    func()                                // gives the turn back when it was not used; to be called in any case
}
