// Package simulate has stand-ins for GitHub, for Claude and for a chat: real HTTP servers on loopback, with state, that
// `hls demo` and the tests talk to. Nothing they say is real, and they say so: every answer carries the header
// X-Simulated, every page they link to is on a host that cannot exist, and every text they write names itself
// simulated.
package simulate
