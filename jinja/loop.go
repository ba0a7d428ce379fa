package jinja

// loop is the loop variable. It looks ahead only as far as it is asked to.
type loop struct {
	source  iterator
	count   int // the turns begun
	length  int // once it is known
	known   bool
	ahead   []any // read but not yet given
	done    bool  // the source has ended
	current any
	before  any
	depth   int
	recurse func(v any, depth int) any
	seen    *Tuple // the last arguments of changed
}

// advance begins the next turn.
func (l *loop) advance() (any, bool) {
	var v any
	if ok := !l.done; len(l.ahead) > 0 {
		v = l.ahead[0]
		l.ahead = l.ahead[1:]
	} else if ok {
		v, ok = l.source.next()
		if !ok {
			return nil, l.end()
		}
	} else {
		return nil, false
	}
	l.count++
	l.before, l.current = l.current, v
	return v, true
}

// end notes that the source has come to its end. A list may still grow, so that it is asked again.
func (l *loop) end() bool {
	l.done = l.source.lazy != nil || l.source.filtered != nil
	return false
}

func (l *loop) peek() (any, bool) {
	if len(l.ahead) > 0 {
		return l.ahead[0], true
	}
	if l.done {
		return nil, false
	}
	v, ok := l.source.next()
	if !ok {
		return nil, l.end()
	}
	l.ahead = append(l.ahead, v)
	return v, true
}

// total is the number of turns; without a length the source is read to its end.
func (l *loop) total() int {
	if l.known {
		return l.length
	}
	l.known = true
	if n, ok := l.source.size(); ok {
		l.length = n
		return n
	}
	for v, ok := l.source.next(); ok; v, ok = l.source.next() {
		l.ahead = append(l.ahead, v)
	}
	l.done = true
	l.length = l.count + len(l.ahead)
	return l.length
}

var loopSignature = signature{names: []string{"iterable"}, required: 1} //nolint:gochecknoglobals // a constant that Go cannot spell as const

func (l *loop) call(a *args) any {
	if l.recurse == nil {
		panic(typeErr("The loop must have the 'recursive' marker to be called recursively."))
	}
	bound := loopSignature.bind("LoopContext.__call__", a)
	return l.recurse(bound[0], l.depth+1)
}

func (l *loop) attribute(st *state, name string) (any, bool) {
	switch name {
	case "index":
		return int64(l.count), true
	case "index0":
		return int64(l.count - 1), true
	case "revindex":
		return int64(l.total() - l.count + 1), true
	case "revindex0":
		return int64(l.total() - l.count), true
	case "first":
		return l.count == 1, true
	case "last":
		_, more := l.peek()
		return !more, true
	case "length":
		return int64(l.total()), true
	case "depth":
		return int64(l.depth) + 1, true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if l.count == 1 {
			return st.undefinedHint("loop.previtem", "there is no previous item"), true
		}
		return l.before, true
	case "nextitem":
		if v, ok := l.peek(); ok {
			return v, true
		}
		return st.undefinedHint("loop.nextitem", "there is no next item"), true
	case "cycle":
		return &function{typeName: "method", call: l.cycle}, true
	case "changed":
		return &function{typeName: "method", call: l.changed}, true
	}
	return nil, false
}

func (l *loop) cycle(_ *state, a *args) any {
	if len(a.pos) == 0 {
		panic(typeErr("no items for cycling given"))
	}
	return a.pos[(l.count-1)%len(a.pos)]
}

func (l *loop) changed(st *state, a *args) any {
	now := &Tuple{Items: a.pos}
	if l.seen != nil && st.equal(l.seen, now) {
		return false
	}
	l.seen = now
	return true
}
