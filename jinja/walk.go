package jinja

func nodes[T node](list []T) []node {
	out := make([]node, len(list))
	for i, n := range list {
		out[i] = n
	}
	return out
}

func join(lists ...[]node) []node {
	var out []node
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

func (c *callArgs) children() []node {
	return join(nodes(c.pos), nodes(c.values), optional(c.star), optional(c.dstar))
}

func optional(x expr) []node {
	if x == nil {
		return nil
	}
	return []node{x}
}

// exprChildren lists the parts of an expression in the order of Jinja2's nodes.
func exprChildren(n node) []node {
	switch n := n.(type) {
	case *eList:
		return nodes(n.items)
	case *eTuple:
		return nodes(n.items)
	case *eDict:
		var out []node
		for i := range n.keys {
			out = append(out, n.keys[i], n.vals[i])
		}
		return out
	case *eCond:
		return join(optional(n.test), optional(n.then), optional(n.els))
	case *eBinary:
		return []node{n.l, n.r}
	case *eNot:
		return []node{n.x}
	case *eUnary:
		return []node{n.x}
	case *eCompare:
		return join([]node{n.x}, nodes(n.args))
	case *eConcat:
		return nodes(n.items)
	case *eAttr:
		return []node{n.x}
	case *eItem:
		return []node{n.x, n.key}
	case *eSlice:
		return join(optional(n.bounds[0]), optional(n.bounds[1]), optional(n.bounds[2]))
	case *eCall:
		return join([]node{n.x}, n.args.children())
	case *eFilter:
		return join(optional(n.x), n.args.children())
	case *eTest:
		return join([]node{n.x}, n.args.children())
	}
	return nil
}

// children lists the parts of a node in the order of Jinja2's nodes.
func children(n node) []node {
	switch n := n.(type) {
	case *sOutput:
		return []node{n.x}
	case *sIf:
		var out []node
		for _, b := range n.branches {
			out = append(append(out, b.test), nodes(b.body)...)
		}
		return append(out, nodes(n.els)...)
	case *sFor:
		return join([]node{n.target, n.iter}, nodes(n.body), nodes(n.els), optional(n.test))
	case *sSet:
		return []node{n.target, n.x}
	case *sSetBlock:
		return join([]node{n.target}, optional(n.filter), nodes(n.body))
	case *sWith:
		return join(nodes(n.targets), nodes(n.vals), nodes(n.body))
	case *sMacro:
		return n.def.children()
	case *sCallBlock:
		return append([]node{n.call}, n.def.children()...)
	case *sFilterBlock:
		return append(nodes(n.body), n.filter)
	case *sBlock:
		return nodes(n.body)
	case *sExtends:
		return []node{n.x}
	case *sInclude:
		return []node{n.x}
	case *sImport:
		return []node{n.x}
	case *sFromImport:
		return []node{n.x}
	case *sDo:
		return []node{n.x}
	case *sAutoescape:
		return append([]node{n.x}, nodes(n.body)...)
	}
	return exprChildren(n)
}

func (d *macroDef) children() []node {
	return join(nodes(d.params), nodes(d.defaults), nodes(d.body))
}

const (
	maxHeight  = 2000       // levels of nesting in a template, of statements and operations together
	maxCompile = 30_000_000 // nodes looked at
)

// work is what is left to be done while a template is compiled: some of it grows with the square of the source.
type work struct {
	name string
	left int
}

func (w *work) spend(n int, pos at) {
	if w.left -= n; w.left < 0 {
		e := templateErr(KindLimit, w.name, pos, "the template is too complex")
		e.cause = ErrLimit
		panic(e)
	}
}

// heightOf is how deep a template is nested. It does not go down by recursion, as the depth is not known yet.
func heightOf(name string, body []stmt) int {
	type place struct {
		n     node
		depth int
	}
	var todo []place
	for _, n := range body {
		todo = append(todo, place{n, 1})
	}
	height := 1
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if height = max(height, p.depth); height > maxHeight {
			panic(syntaxErr(name, p.n.pos(), "nested deeper than %d levels", maxHeight))
		}
		for _, c := range children(p.n) {
			todo = append(todo, place{c, p.depth + 1})
		}
	}
	return height
}

// walk calls f for n and everything below it until f returns false for a node, whose parts are then left out.
func (w *work) walk(n node, f func(node) bool) {
	w.spend(1, n.pos())
	if !f(n) {
		return
	}
	for _, c := range children(n) {
		w.walk(c, f)
	}
}

// undeclared says which of names a body reads before it assigns them, outside of its blocks.
func (w *work) undeclared(body []node, names ...string) map[string]bool {
	left, found := map[string]bool{}, map[string]bool{}
	for _, n := range names {
		left[n] = true
	}
	for _, n := range body {
		w.walk(n, func(n node) bool {
			switch n := n.(type) {
			case *sBlock:
				return false
			case *eName:
				if !n.store && left[n.name] {
					found[n.name] = true
				} else {
					delete(left, n.name)
				}
			}
			return true
		})
	}
	return found
}
