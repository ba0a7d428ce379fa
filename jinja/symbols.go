package jinja

import (
	"maps"
	"slices"
)

// A frame is the plan of a scope: what a run of its body has variables for, and how they begin.
type frame struct {
	slots int
	loads []load
}

type loadKind uint8

const (
	loadParameter loadKind = iota // set by who opens the scope
	loadContext                   // looked up in the context when the scope opens
	loadAlias                     // begins as a copy of the outer variable of that name
	loadNothing                   // begins unset
)

type load struct {
	kind loadKind
	slot int
	name string
	from ref // for loadAlias
}

// A local is a variable that an include, an import or a scoped block passes on.
type local struct {
	name string
	ref  ref
}

// symbols finds out, as Jinja2's compiler does, which variable a name means: names are bound when the template is
// compiled, scope by scope, so that a variable set in a loop is not seen after it, and one that is read before it is
// set is looked up in the context.
type symbols struct {
	parent *symbols
	slotOf map[string]int // numbers the names of this level; shared by the copies for branches
	refs   map[string]bool
	loads  map[string]load
	stores map[string]bool
	*work
}

func newSymbols(parent *symbols, w *work) *symbols {
	return &symbols{
		work: w, parent: parent, slotOf: map[string]int{},
		refs: map[string]bool{}, loads: map[string]load{}, stores: map[string]bool{},
	}
}

func (s *symbols) copy() *symbols {
	s.spend(10+20*len(s.refs), at{}) // three maps are cloned
	return &symbols{
		work: s.work, parent: s.parent, slotOf: s.slotOf,
		refs: maps.Clone(s.refs), loads: maps.Clone(s.loads), stores: maps.Clone(s.stores),
	}
}

func (s *symbols) slot(name string) int {
	n, ok := s.slotOf[name]
	if !ok {
		n = len(s.slotOf)
		s.slotOf[name] = n
	}
	return n
}

func (s *symbols) find(name string) (ref, bool) {
	up := 0
	for x := s; x != nil; x = x.parent {
		if x.refs[name] {
			return ref{up, x.slot(name)}, true
		}
		up++
	}
	return ref{}, false
}

func (s *symbols) outer(name string) (ref, bool) {
	if s.parent == nil {
		return ref{}, false
	}
	r, ok := s.parent.find(name)
	r.up++
	return r, ok
}

func (s *symbols) define(name string, l load) int {
	l.name, l.slot = name, s.slot(name)
	s.refs[name] = true
	s.loads[name] = l
	return l.slot
}

func (s *symbols) parameter(name string) int {
	s.stores[name] = true
	return s.define(name, load{kind: loadParameter})
}

func (s *symbols) store(name string) {
	s.stores[name] = true
	if s.refs[name] {
		return
	}
	if r, ok := s.outer(name); ok {
		s.define(name, load{kind: loadAlias, from: r})
		return
	}
	s.define(name, load{kind: loadNothing})
}

func (s *symbols) load(name string) {
	if _, ok := s.find(name); !ok {
		s.define(name, load{kind: loadContext})
	}
}

// merge joins what the branches of an if statement did. A name that they set begins with its outer value.
func (s *symbols) merge(branches []*symbols) {
	set := map[string]bool{}
	for _, b := range branches {
		for name := range b.stores {
			if !s.stores[name] {
				set[name] = true
			}
		}
	}
	for _, b := range branches {
		maps.Copy(s.refs, b.refs)
		maps.Copy(s.loads, b.loads)
		maps.Copy(s.stores, b.stores)
	}
	for name := range set {
		if r, ok := s.outer(name); ok {
			s.define(name, load{kind: loadAlias, from: r})
		} else {
			s.define(name, load{kind: loadContext})
		}
	}
}

// locals lists every variable set in this scope and the ones around it.
func (s *symbols) locals() []local {
	var out []local
	seen := map[string]bool{}
	for x := s; x != nil; x = x.parent {
		s.spend(1+15*len(x.stores), at{}) // they are sorted
		for _, name := range slices.Sorted(maps.Keys(x.stores)) {
			if seen[name] {
				continue
			}
			seen[name] = true
			if r, ok := s.find(name); ok {
				out = append(out, local{name, r})
			}
		}
	}
	return out
}

// fill makes the plan of the scope, after its body was compiled.
func (s *symbols) fill(f *frame) {
	f.slots = len(s.slotOf)
	for _, name := range slices.Sorted(maps.Keys(s.loads)) {
		if l := s.loads[name]; l.kind == loadContext || l.kind == loadAlias {
			f.loads = append(f.loads, l)
		}
	}
}

// visit notes the names that a node reads and sets in this scope. Bodies that have a scope of their own are left out.
func (s *symbols) visit(n node) {
	s.spend(1, n.pos())
	switch n := n.(type) {
	case *eName:
		if n.store {
			s.store(n.name)
		} else {
			s.load(n.name)
		}
	case *eAttrTarget:
		s.load(n.name)
	case *sIf:
		s.visitIf(n)
	case *sMacro:
		s.store(n.def.name)
	case *sImport:
		s.visit(n.x)
		s.store(n.target.name)
	case *sFromImport:
		s.visit(n.x)
		for _, t := range n.targets {
			s.store(t.name)
		}
	case *sSet:
		s.visit(n.x)
		s.visit(n.target)
	case *sFor:
		s.visit(n.iter)
	case *sCallBlock:
		s.visit(n.call)
	case *sFilterBlock:
		s.visit(n.filter)
	case *sWith:
		s.visitAll(nodes(n.vals))
	case *sSetBlock:
		s.visit(n.target)
	case *sAutoescape, *sBlock:
	default:
		s.visitAll(children(n))
	}
}

func (s *symbols) visitAll(list []node) {
	for _, n := range list {
		s.visit(n)
	}
}

// visitIf treats the branches as Jinja2 does: all elif branches count as one.
func (s *symbols) visitIf(n *sIf) {
	s.visit(n.branches[0].test)
	body, elif, els := s.copy(), s.copy(), s.copy()
	body.visitAll(nodes(n.branches[0].body))
	for _, b := range n.branches[1:] {
		elif.visitElif(b)
	}
	els.visitAll(nodes(n.els))
	s.merge([]*symbols{body, elif, els})
}

// visitElif visits a branch that is an if statement of its own to Jinja2.
func (s *symbols) visitElif(b ifBranch) {
	s.visitIf(&sIf{at: b.at, branches: []ifBranch{b}})
}

// parameters notes the names of a target as parameters.
func (s *symbols) parameters(target expr) {
	switch t := target.(type) {
	case *eName:
		s.parameter(t.name)
	case *eTuple:
		for _, x := range t.items {
			s.parameters(x)
		}
	}
}
