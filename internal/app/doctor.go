package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"hls/internal/config"
	"hls/internal/record/sqlite"
)

// Examined is what one examination of hls doctor came to.
type Examined struct {
	Name     string
	Told     string // what was seen, where that is worth telling
	Findings []Finding
}

// Doctor looks at all that Check does, and at what people set up around HLS: permissions, webhooks, labels, the clock,
// the disk and whether the service runs. It changes nothing.
func Doctor(ctx context.Context, s *config.Settings) []Examined {
	p := &inspection{settings: s, redactor: newRedactor(s)}
	return p.examine(ctx, atDoctor)
}

// mostSkew is how wrong a clock may be: GitHub refuses an App's token that is a minute early.
const mostSkew = 30 * time.Second

func (p *inspection) clock(context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	seen := doors.github.Snapshot()
	if !seen.Dated {
		return // The examination of the credential has said why.
	}
	ahead := seen.Ahead.Round(time.Second)
	if ahead.Abs() > mostSkew {
		p.problem("github", "this machine's clock and GitHub's differ by %s", ahead.Abs())
		return
	}
	p.tell("within %s of GitHub's", max(ahead.Abs(), time.Second))
}

// scarce is the share of GitHub's hourly limit below which work will soon wait.
const scarce = 10 // percent

func (p *inspection) limits(context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	seen := doors.github.Snapshot()
	if seen.Limit == 0 {
		return
	}
	if seen.Remaining*100 < seen.Limit*scarce {
		p.warn(p.credentialKey(), "", "%d of %d requests of this hour are left at GitHub, until %s", seen.Remaining, seen.Limit, seen.Reset.UTC().Format(time.TimeOnly))
		return
	}
	p.tell("%d of %d requests of this hour are left at GitHub", seen.Remaining, seen.Limit)
}

func (p *inspection) schema(ctx context.Context) {
	at, err := Schema(ctx, p.settings)
	switch {
	case err != nil:
		p.problem("storage.url", "%v", err)
	case at.Have == 0:
		p.tell("there is no database yet; hls serve makes it")
	case at.Have < at.Want:
		p.warn("storage.url", "hls migrate, or the next start of hls serve, brings it up to date; take a backup first (hls backup)",
			"the schema is at %d of %d", at.Have, at.Want)
	default:
		p.tell("%d of %d", at.Have, at.Want)
	}
}

// Least room for the database: below the one it is time to look, and below the other SQLite soon cannot write.
const (
	littleRoom = 1 << 30
	noRoom     = 100 << 20
)

func (p *inspection) disk(context.Context) {
	path, ok := sqlite.Path(p.settings.Storage.URL)
	if !ok {
		p.tell("the database is a server's")
		return
	}
	dir, err := standing(filepath.Dir(path))
	var system syscall.Statfs_t
	if err == nil {
		err = syscall.Statfs(dir, &system)
	}
	if err != nil {
		p.problem("storage.url", "the disk cannot be looked at: %v", err)
		return
	}
	free := int64(system.Bavail) * int64(system.Bsize) //nolint:gosec,unconvert // Types differ by system; no disk is that large.
	switch {
	case free < noRoom:
		p.problem("storage.url", "%s are left on the disk of %s", size(free), dir)
	case free < littleRoom:
		p.warn("storage.url", "", "%s are left on the disk of %s", size(free), dir)
	default:
		p.tell("%s are free", size(free))
	}
}

// standing is a folder, or the nearest above it that there is.
func standing(dir string) (string, error) {
	for {
		var info syscall.Stat_t
		err := syscall.Stat(dir, &info)
		above := filepath.Dir(dir)
		if err == nil || !errors.Is(err, syscall.ENOENT) || above == dir {
			return dir, err
		}
		dir = above
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%d MB", n>>20)
	}
}

// service asks whether HLS runs here, and whether the webhook's address leads to one.
func (p *inspection) service(ctx context.Context) {
	at := ServiceURL(p.settings)
	if !p.serves(ctx) {
		p.warn("server.port", "hls serve", "no service answers at %s", at)
		return
	}
	address := webhookAddress(p.settings)
	if address == "" {
		p.tell("runs at %s", at)
		return
	}
	// A GET is refused by HLS, and by nobody else in this way.
	code, text, err := fetch(ctx, address)
	switch {
	case err != nil:
		p.warn("server.public_url", "try from outside: curl -i "+address, "from here %s cannot be reached: %v", address, err)
	case code != http.StatusMethodNotAllowed:
		p.warn("server.public_url", "let the proxy pass POST "+p.settings.Server.WebhookPath+" on to "+at, "%s answers %d, which HLS does not: something else is there: %.60q", address, code, text)
	default:
		p.tell("runs at %s, and %s leads to one", at, address)
	}
}

// serves tells whether HLS answers at the address of the settings.
func (p *inspection) serves(ctx context.Context) bool {
	code, _, err := fetch(ctx, ServiceURL(p.settings)+"/livez")
	return err == nil && code == http.StatusOK
}

// fetch is one request without credentials, to an address of the settings.
func fetch(ctx context.Context, address string) (code int, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err = io.ReadAll(io.LimitReader(resp.Body, 4096))
	return resp.StatusCode, text, err
}
