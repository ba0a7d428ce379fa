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
	next, size := st.iterator(v)
	if s.test != nil {
		next, size = st.filtered(sc, s, next), nil
	}
	if l == nil {
		l = &loop{}
	}
	l.source, l.size = next, size
	ran := false
	var in *scope
	for item, ok := l.advance(); ok; item, ok = l.advance() {
		st.step()
		st.goTo(s)
		if in == nil || !s.reuse {
			in = &scope{parent: sc, ctx: sc.ctx, unit: sc.unit, slots: make([]any, s.frame.slots)}
		}
		for i := range in.slots {
			in.slots[i] = missing
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
func (st *state) filtered(sc *scope, s *sFor, next iterator) iterator {
	in := st.inner(s.testFrame, sc)
	return func() (any, bool) {
		line, off := st.line, st.off
		for item, ok := next(); ok; item, ok = next() {
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

// iterator gives one element after another.
type iterator func() (any, bool)

func sliceIterator(items []any) iterator {
	return func() (any, bool) {
		if len(items) == 0 {
			return nil, false
		}
		v := items[0]
		items = items[1:]
		return v, true
	}
}

// iterator goes through an iterable and sees what is added to it meanwhile. The second result gives its length, if it
// has one.
func (st *state) iterator(v any) (iterator, func() int) {
	switch t := v.(type) {
	case *List:
		i := -1
		return func() (any, bool) {
			if i++; i >= len(t.Items) {
				i = len(t.Items)
				return nil, false
			}
			return t.Items[i], true
		}, func() int { return len(t.Items) }
	case *Dict:
		return t.iterator(t.keys), t.Len
	case *dictView:
		return t.d.iterator(st.iter(t)), t.d.Len
	case *rangeValue:
		i, n := int64(-1), t.len()
		return func() (any, bool) {
			if i++; i >= n {
				i = n
				return nil, false
			}
			return t.start + i*t.step, true
		}, func() int { return int(n) }
	case *generator:
		return t.next, nil
	case *loop:
		return func() (any, bool) {
			item, ok := t.advance()
			return tuple(item, t), ok
		}, t.total
	}
	items := st.iter(v)
	return sliceIterator(items), func() int { return len(items) }
}

// iterator goes through keys or items of the dict, and fails when the dict was changed meanwhile.
func (d *Dict) iterator(items []any) iterator {
	n, i := d.Len(), -1
	return func() (any, bool) {
		if d.Len() != n {
			panic(fail("RuntimeError", "dictionary changed size during iteration"))
		}
		if i++; i >= len(items) {
			return nil, false
		}
		return items[i], true
	}
}
