package simulate

import "net/http"

// SetHookNetworks says which networks the stand-in claims to send webhooks from; none by default.
func (g *GitHub) SetHookNetworks(networks ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hookNetworks = networks
}

func (g *GitHub) meta(*exchange) reply {
	return reply{status: http.StatusOK, body: object{"verifiable_password_authentication": false, "hooks": g.hookNetworks}}
}
