package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// The cookie of a session. Over HTTPS its name ties it to this very host: no other can set one of that name.
const (
	plainCookie  = "hls_session"
	secureCookie = "__Host-hls_session"
)

const sessionLasts = 12 * time.Hour

// sessions makes and reads sessions. They are kept nowhere but in the browser: a session is a role and an end, signed
// with a key that all instances share and that the role's token is a part of. Another token in force ends them all.
type sessions struct {
	secret []byte
	tokens map[role]hls.Secret
}

// session is what a browser shows that has signed in.
type session struct {
	role role
	csrf string // what the forms of its pages carry
}

func (s *sessions) key(who role) []byte {
	return sign(s.secret, "session", string(who), s.tokens[who].Reveal())
}

// begin makes a session's text.
func (s *sessions) begin(who role, now time.Time) string {
	claim := fmt.Sprintf("1.%s.%d.%s", who, now.Add(sessionLasts).Unix(), rand.Text())
	return claim + "." + text(sign(s.key(who), "claim", claim))
}

// read reads a session that was begun here, with a token that is still in force, and that has not ended.
func (s *sessions) read(given string, now time.Time) (session, bool) {
	at := max(strings.LastIndexByte(given, '.'), 0)
	claim, signature := given[:at], strings.TrimPrefix(given[at:], ".")
	parts := strings.Split(claim, ".")
	if len(parts) != 4 || parts[0] != "1" {
		return session{}, false
	}
	who := role(parts[1])
	if s.tokens[who] == "" {
		return session{}, false
	}
	key := s.key(who)
	if !equal(signature, text(sign(key, "claim", claim))) {
		return session{}, false
	}
	ends, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || now.Unix() >= ends {
		return session{}, false
	}
	return session{who, text(sign(key, "csrf", claim))}, true
}

// ownCSRF is for the pages of this machine where no token is set, and so no session begins.
func (s *sessions) ownCSRF() string { return text(sign(s.secret, "csrf")) }

// sign is an HMAC over parts that cannot run into each other.
func sign(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(p), p) // It never fails: see hash.Hash.
	}
	return mac.Sum(nil)
}

func text(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

// session is that of a request, if it brings exactly one that holds.
func (s *Server) session(r *http.Request) (session, bool) {
	cookies := r.CookiesNamed(cookieName(s.secure(r)))
	if len(cookies) != 1 {
		return session{}, false
	}
	return s.sessions.read(cookies[0].Value, s.now())
}

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

// cookie is a session for the browser to keep, or with "" to forget.
func cookie(value string, secure bool) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(secure), Value: value, Path: "/", MaxAge: int(sessionLasts.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
