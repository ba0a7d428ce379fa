package jinja

func (st *state) execFor(sc *scope, s *sFor) {
	st.goTo(s)
	if !s.recursive {
		st.runFor(sc, s, st.eval(sc, s.iter), nil)
		return
	}
	var recurse func(v any, depth int) any
	recurse = func(v any, depth int) any {
		defer st.enter(st.tpl, s.line)()
		c := st.begin()
		st.runFor(sc, s, v, &loop{depth: depth, recurse: recurse})
		return st.mark(st.end(c), st.escapes(sc, s.esc))
	}
	v := recurse(st.eval(sc, s.iter), 0)
	st.write(st.concatStr(v))
}

// runFor runs a loop over v; l is given for a recursive one.
func (st *state) runFor(sc *scope, s *sFor, v any, l *loop) {
	if l == nil {
		l = &loop{}
	}
	l.source = st.iterator(v)
	if s.test != nil {
		l.source = iterator{filtered: st.filtered(sc, s, l.source)}
	}
	ran := false
	var in *scope
	for item, ok := l.advance(); ok; item, ok = l.advance() {
		st.step()
		st.goTo(s)
		if in == nil || !s.reuse {
			in = newScope(s.frame, sc, sc.ctx, sc.unit)
		} else {
			in.reset()
		}
		if s.loopSlot >= 0 {
			in.slots[s.loopSlot] = l
		}
		st.assign(in, s.target, item)
		st.loadSlots(s.frame, in)
		f := st.exec(in, s.body)
		ran = ran || f == flowNext
		if f == flowBreak {
			break
		}
		st.line, st.off = s.line, s.off
	}
	// As in Python's generated code, a loop of which no turn came to its end runs the else branch.
	if !ran && len(s.els) > 0 {
		st.exec(st.inner(s.elseFrame, sc), s.els)
	}
}

// filtered gives the items that the condition of a loop lets pass, each when it is asked for.
func (st *state) filtered(sc *scope, s *sFor, source iterator) func() (any, bool) {
	in := st.inner(s.testFrame, sc)
	return func() (any, bool) {
		line, off := st.line, st.off
		for item, ok := source.next(); ok; item, ok = source.next() {
			st.step()
			st.line, st.off = s.testLine, s.test.pos().off
			st.assign(in, s.testTarget, item)
			if st.truth(st.eval(in, s.test)) {
				st.line, st.off = line, off
				return item, true
			}
		}
		return nil, false
	}
}

// iterator gives one element after another. It sees what is added to a list meanwhile.
type iterator struct {
	items    []any
	list     *List       // in place of items
	dict     *Dict       // whose keys or values items are; it must not change meanwhile
	numbers  *rangeValue // in place of items
	lazy     *generator  // the same
	outer    *loop       // the same
	filtered func() (any, bool)
	i, n     int // the next element, and how many there were at first
}

// iterator goes through an iterable.
func (st *state) iterator(v any) iterator {
	switch t := v.(type) {
	case *List:
		return iterator{list: t}
	case *Dict:
		return iterator{dict: t, items: t.keys, n: t.Len()}
	case *dictView:
		return iterator{dict: t.d, items: st.iter(t), n: t.d.Len()}
	case *rangeValue:
		return iterator{numbers: t, n: int(t.len())}
	case *generator:
		return iterator{lazy: t}
	case *loop:
		return iterator{outer: t}
	}
	items := st.iter(v)
	return iterator{items: items, n: len(items)}
}

func (it *iterator) next() (any, bool) {
	switch {
	case it.list != nil:
		if it.i < len(it.list.Items) {
			it.i++
			return it.list.Items[it.i-1], true
		}
		return nil, false
	case it.numbers != nil:
		if it.i < it.n {
			it.i++
			return it.numbers.start + int64(it.i-1)*it.numbers.step, true
		}
		return nil, false
	case it.lazy != nil:
		return it.lazy.next()
	case it.filtered != nil:
		return it.filtered()
	case it.outer != nil:
		item, ok := it.outer.advance()
		return tuple(item, it.outer), ok
	case it.dict != nil && it.dict.Len() != it.n:
		panic(fail("RuntimeError", "dictionary changed size during iteration"))
	}
	if it.i < len(it.items) {
		it.i++
		return it.items[it.i-1], true
	}
	return nil, false
}

// size is how many elements there are, if that is known without going through them.
func (it *iterator) size() (int, bool) {
	switch {
	case it.list != nil:
		return len(it.list.Items), true
	case it.dict != nil:
		return it.dict.Len(), true
	case it.outer != nil:
		return it.outer.total(), true
	case it.lazy != nil, it.filtered != nil:
		return 0, false
	}
	return it.n, true
}
