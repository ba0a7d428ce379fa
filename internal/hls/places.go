package hls

import "path"

// Places are names of repositories and globs in the order in which they count. The zero Places has none. Finding costs as
// much as there are globs, however many names there are.
type Places struct {
	n     int
	exact map[string]int
	globs []numbered
}

type numbered struct {
	glob string
	n    int
}

// Add puts a name or a glob after the others.
func (n *Places) Add(name string) {
	name = Fold(name)
	if IsGlob(name) {
		n.globs = append(n.globs, numbered{name, n.n})
	} else if _, known := n.exact[name]; !known {
		if n.exact == nil {
			n.exact = map[string]int{}
		}
		n.exact[name] = n.n
	}
	n.n++
}

// First is the place, from 0 on, of the first one that a repository matches.
func (n *Places) First(repository string) (place int, found bool) {
	name := Fold(repository)
	place, found = n.exact[name]
	for _, g := range n.globs {
		if found && g.n > place {
			break
		}
		if ok, err := path.Match(g.glob, name); ok && err == nil {
			return g.n, true
		}
	}
	return place, found
}
