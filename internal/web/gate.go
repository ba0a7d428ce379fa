package web

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
)

const (
	mostConnections = 1024
	mostHeaderLines = 100     // of one request; a few bytes a line cost a hundred times as much once they are read
	headerRead      = 1 << 10 // bytes read at a time while a request's header comes
	peerBits        = 64      // of an IPv6 address: what one customer has
)

// gate is a listener that lets everybody in. When the house is full, the peer with the most connections loses the
// one that has been waiting, or sending a request, for the longest: whoever holds connections open keeps nobody out.
// A delivery that has come whole is let finish, and so is what an admin asked for.
type gate struct {
	net.Listener
	most    int
	secure  *tls.Config // nil serves plain HTTP
	dropped atomic.Int64

	mu    sync.Mutex
	conns *list.List // of *conn, the longest unchanged first
	peers map[netip.Prefix]*int
}

func newGate() *gate {
	return &gate{most: mostConnections, conns: list.New(), peers: map[netip.Prefix]*int{}}
}

// Accept waits for the next connection.
func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: raw, raw: raw, gate: g, from: peerOf(raw.RemoteAddr())}
		if g.secure != nil {
			c.Conn = tls.Server(raw, g.secure)
		}
		gone := g.enter(c)
		if gone == nil {
			return c, nil
		}
		g.dropped.Add(1)
		_ = gone.raw.Close()
		if gone != c {
			return c, nil
		}
	}
}

// enter takes a connection in. When the house is full it returns the one that has to go: the new one itself if all
// others are being worked for.
func (g *gate) enter(c *conn) (gone *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns.Len() >= g.most {
		if gone = g.worst(); gone == nil {
			return c
		}
		g.leave(gone)
	}
	if c.peers = g.peers[c.from]; c.peers == nil {
		c.peers = new(int)
		g.peers[c.from] = c.peers
	}
	*c.peers++
	c.place = g.conns.PushBack(c)
	return gone
}

func (g *gate) worst() (worst *conn) {
	for e := g.conns.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*conn); !c.busy && (worst == nil || *c.peers > *worst.peers) {
			worst = c
		}
	}
	return worst
}

func (g *gate) leave(c *conn) {
	if c.place == nil {
		return
	}
	g.conns.Remove(c.place)
	c.place = nil
	if *c.peers--; *c.peers == 0 {
		delete(g.peers, c.from)
	}
}

// changed follows a connection through http.Server.ConnState.
func (g *gate) changed(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	switch state {
	case http.StateActive:
		c.header.ended = true
	case http.StateIdle:
		c.header = header{}
	default:
		return
	}
	g.mark(c, false)
}

func (g *gate) mark(c *conn, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.busy = busy
	if c.place != nil {
		g.conns.MoveToBack(c.place)
	}
}

func (g *gate) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns.Len()
}

func peerOf(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	return network(tcp.AddrPort().Addr().Unmap().WithZone(""))
}

// network is what one customer has of addresses: one, or an IPv6 network.
func network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = peerBits
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// conn is one connection inside.
type conn struct {
	net.Conn // with TLS when that is on
	raw      net.Conn
	gate     *gate
	from     netip.Prefix
	header   header // of the request that is coming; belongs to the server's goroutine

	// Guarded by the gate's lock.
	peers *int // connections of the same peer
	place *list.Element
	busy  bool // it is not to be closed for another's sake
}

var errTooManyLines = errors.New("the request's header has too many lines")

// Read counts the lines of a request's header as they come: the server would first read them all.
func (c *conn) Read(b []byte) (int, error) {
	if c.header.ended {
		return c.Conn.Read(b)
	}
	n, err := c.Conn.Read(b[:min(len(b), headerRead)])
	if c.header.count(b[:n]); c.header.lines > mostHeaderLines {
		return 0, errTooManyLines
	}
	return n, err
}

// Close ends the connection.
func (c *conn) Close() error {
	c.gate.mu.Lock()
	c.gate.leave(c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets the server end an answer before it has read the request.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// header counts the lines of a request up to the empty one.
type header struct {
	lines int
	empty bool // nothing has come of the present line
	ended bool
}

func (h *header) count(b []byte) {
	for _, x := range b {
		switch {
		case h.ended:
			return
		case x == '\n':
			h.ended = h.empty
			h.empty = true
			h.lines++
		case x != '\r':
			h.empty = false
		}
	}
}

type connKey struct{}

// remember lets handlers find the connection that a request came on.
func remember(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// keep has the request's connection stay open until it is answered.
func keep(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.gate.mark(c, true)
	}
}

// kept is a request whose connection is kept once its body has come whole.
func kept(r *http.Request) *http.Request {
	whole := r.WithContext(r.Context()) // The server looks at the body of its own request.
	whole.Body = &arriving{r.Body, r}
	return whole
}

// arriving is the body of a delivery.
type arriving struct {
	io.ReadCloser
	request *http.Request
}

func (a *arriving) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	if errors.Is(err, io.EOF) {
		keep(a.request)
	}
	return n, err
}
