package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"hls/internal/receive"
)

// role is what somebody may do. "" is nothing.
type role string

const (
	viewer   role = "viewer"   // reads
	operator role = "operator" // reads and writes
)

// may tells whether a role is enough where another is asked for.
func (r role) may(need role) bool { return r == operator || r == viewer && need == viewer }

// caller is who a request speaks for.
type caller struct {
	role   role
	csrf   string // what a form has to carry; "" where the credential is none that a browser sends by itself
	signed bool   // by a session
}

// What the admin surface takes, unless a route says otherwise.
const (
	mostBody  = 64 << 10 // bytes of a request
	perMinute = 1200     // requests of one address; this machine itself has no limit
	guesses   = 60       // wrong bearer tokens of one address in a minute
	csrfField = "csrf"
)

// admin guards the API: it lets through who may do what the route needs, as docs/doors.md says. A browser that has
// signed in has to prove with a header that a page of ours asks, which no form of another site can send.
func (s *Server) admin(need role, next http.HandlerFunc) http.Handler {
	return s.adminOf(need, mostBody, next)
}

// adminOf is admin for requests of another size, in bytes.
func (s *Server) adminOf(need role, most int64, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, refused := s.admit(r, need, most)
		if refused == nil && writes(r) {
			refused = s.asked(r, who)
		}
		if refused == nil && !writes(r) {
			var end func()
			if end, refused = s.looks.begin(r.Context(), who.role); refused == nil {
				defer end()
			}
		}
		if refused != nil {
			s.refuse(w, refused)
			return
		}
		who.keep(r)
		bound(w, r, most)
		next(w, r)
	})
}

// keep has the connection stay open for what an operator asked for. A viewer could hold one by reading nothing of the answer.
func (c caller) keep(r *http.Request) {
	if c.role == operator {
		keep(r)
	}
}

// asked tells why a write of the API was not asked for by who seems to ask.
func (s *Server) asked(r *http.Request, who caller) *Refused {
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			return &Refused{http.StatusUnsupportedMediaType, "the API takes JSON: want content type application/json"}
		}
	}
	if who.signed && !equal(r.Header.Get("X-CSRF-Token"), who.csrf) {
		return &Refused{http.StatusForbidden, "a session writes with the header X-CSRF-Token"}
	}
	return nil
}

// admit tells who a request of at most so many bytes speaks for, or why it goes no further.
func (s *Server) admit(r *http.Request, need role, most int64) (caller, *Refused) {
	if !s.own(r) && !s.requests.take(s.peer(r), s.now()) {
		return caller{}, &Refused{http.StatusTooManyRequests, "too many requests from this address"}
	}
	who, refused := s.caller(r)
	switch {
	case refused != nil:
	case !who.role.may(need):
		refused = &Refused{http.StatusForbidden, "a viewer may look, and change nothing: it takes the operator's token"}
	case s.origins.Check(r) != nil:
		refused = &Refused{http.StatusForbidden, "a page of another origin asks for it"}
	case r.ContentLength > most:
		skim(r.Body)
		refused = tooLarge(most)
	}
	return who, refused
}

// caller knows a request by its bearer token, by the session that its cookie bears, or, where no token is configured,
// by its coming from this machine itself: a loopback peer, no sign of a proxy, and a Host that is loopback too, so that
// a page in a browser cannot reach in under a name of its own (DNS rebinding). A proxy may leave no sign: one that is
// known of needs the token.
func (s *Server) caller(r *http.Request) (caller, *Refused) {
	unknown := &Refused{http.StatusUnauthorized, "the admin token is needed"}
	if !s.guarded() {
		if s.proxied() || !loopback(r.RemoteAddr) || !loopbackHost(r.Host) || forwarded(r) {
			return caller{}, unknown
		}
		return caller{role: operator, csrf: s.sessions.ownCSRF()}, nil
	}
	if given := r.Header.Values("Authorization"); len(given) > 0 {
		return s.bearer(r, given, unknown)
	}
	session, ok := s.session(r)
	switch {
	case !ok:
		return caller{}, unknown
	case !s.ours(r):
		return caller{}, misdirected()
	}
	return caller{session.role, session.csrf, true}, nil
}

// bearer knows who shows a token. A browser sends none by itself, so it does not matter under which name it was asked.
func (s *Server) bearer(r *http.Request, given []string, unknown *Refused) (caller, *Refused) {
	scheme, token, _ := strings.Cut(given[0], " ")
	if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, unknown
	}
	peer := s.peer(r)
	if !s.guesses.take(peer, s.now()) {
		return caller{}, &Refused{http.StatusTooManyRequests, "too many wrong tokens from this address"}
	}
	who := s.roleOf(strings.TrimSpace(token))
	if who == "" {
		return caller{}, unknown
	}
	s.guesses.give(peer)
	return caller{role: who}, nil
}

// guarded tells whether there is a token to ask for.
func (s *Server) guarded() bool { return s.cfg.AdminToken != "" }

// roleOf is the role that a token gives. Both are compared, whichever fits.
func (s *Server) roleOf(given string) role {
	operates := equal(given, s.cfg.AdminToken.Reveal())
	views := equal(given, s.cfg.ViewerToken.Reveal())
	switch {
	case operates && s.cfg.AdminToken != "":
		return operator
	case views && s.cfg.ViewerToken != "":
		return viewer
	}
	return ""
}

// refuse answers a refusal of the API.
func (s *Server) refuse(w http.ResponseWriter, refused *Refused) {
	refused.hint(w.Header())
	answer(w, refused.Code, map[string]string{"status": "error", "reason": refused.Reason})
}

// hint says what a client can do about a refusal.
func (r *Refused) hint(h http.Header) {
	switch r.Code {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="hls"`)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(int(time.Minute.Seconds())))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "10")
	}
}

func tooLarge(most int64) *Refused {
	return &Refused{http.StatusRequestEntityTooLarge, "the request is larger than " + strconv.FormatInt(most, 10) + " bytes"}
}

// writes tells whether a request asks for a change.
func writes(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// equal compares in constant time, whatever the lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// proxied tells whether a reverse proxy is known to stand in front: nobody counts as this machine then.
func (s *Server) proxied() bool { return len(s.cfg.Proxies) > 0 }

// own tells whether a request comes straight from this machine.
func (s *Server) own(r *http.Request) bool {
	return !s.proxied() && loopback(r.RemoteAddr) && !forwarded(r)
}

// peer is whom limits count: an address, or an IPv6 network of 64 bits, and behind trusted proxies what they say.
func (s *Server) peer(r *http.Request) netip.Prefix {
	return network(receive.Peer(r, s.cfg.Proxies))
}

func loopback(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	host = hostname(host)
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// hostname is a Host without its port.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

// forwarded tells whether a proxy brought the request. Any header counts that only proxies set, whatever its value:
// the client's own may be empty and stand before the proxy's. HTTP/1.0 is what nginx speaks to a server unless told
// otherwise, and it adds no header at all.
func forwarded(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "Cdn-Loop", "X-Real-Ip", "Cf-Connecting-Ip", "X-Proxyuser-Ip", "X-Azure-Clientip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded") || strings.HasPrefix(name, "X-Original-") ||
			strings.HasPrefix(name, "X-Envoy-") || strings.HasSuffix(name, "Client-Ip") {
			return true
		}
	}
	return false
}
