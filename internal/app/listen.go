package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"hls/internal/config"
)

// listen takes the address of server.host and server.port, unless the caller brought a listener.
func (a *App) listen(ctx context.Context, s *config.Settings) (err error) {
	if a.listener == nil {
		if a.listener, err = open(ctx, s); err != nil {
			return err
		}
	}
	a.addr = a.listener.Addr()
	return a.signed(s)
}

func open(ctx context.Context, s *config.Settings) (net.Listener, error) {
	addr := net.JoinHostPort(s.Server.Host, strconv.Itoa(s.Server.Port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return listener, nil
	case busy(err): // by a process that may be gone at the next try, so the settings may be right
		return nil, fmt.Errorf("listen on server.host and server.port: %w", err)
	default:
		return nil, refusal([]Finding{{Problem: s.At("server.host", err.Error())}})
	}
}

// busy tells whether another process has the address.
func busy(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// signed refuses to go without signatures where other machines can send deliveries (I4). config checks server.host;
// the listener may be another after a reload, or come from the caller.
func (a *App) signed(s *config.Settings) error {
	at, err := netip.ParseAddrPort(a.addr.String())
	if s.Features.SignatureValidation || err == nil && at.Addr().Unmap().IsLoopback() {
		return nil
	}
	return refusal([]Finding{{Problem: s.At("features.signature_validation",
		fmt.Sprintf("cannot be false while HLS listens on %s: anyone could send deliveries", a.addr))}})
}

// url is where the service answers.
func (a *App) url() string {
	scheme := "http"
	if a.started.Server.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + a.addr.String()
}
