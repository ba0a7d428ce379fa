package app

import (
	"context"
	"fmt"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
)

// depth is how closely the settings and their surroundings are looked at; each level looks at all that the ones before do.
type depth int

const (
	atStart  depth = iota // before the service starts: nobody is asked, and nothing changed
	atCheck               // hls check
	atOnline              // hls check --online: the doors are asked
	atDoctor              // hls doctor: what people set up around HLS
)

// examination is one thing that is looked at.
type examination struct {
	name   string
	from   depth
	look   func(*inspection, context.Context)
	remedy string // of findings that name none of their own
}

// examinations are all of them, in the order in which they are told.
func examinations() []examination {
	return []examination{
		{"settings", atStart, (*inspection).warnings, "change the key there; docs/configuration.md says what it takes"},
		{"storage", atStart, (*inspection).storage, "name a file or a database that HLS may write to"},
		{"doors", atStart, (*inspection).doorways, "change the key there; docs/configuration.md says what it takes"},
		{"certificate", atStart, (*inspection).certificate, "name files of a certificate and its key that HLS may read"},
		{"log", atStart, (*inspection).logFile, "name a file that HLS may write to"},
		{"outlets", atStart, (*inspection).outlets, "correct the address: docs/metrics.md"},
		{"templates", atStart, (*inspection).rooms, "mend the template at that place; hls render shows what it makes"},
		{"address", atCheck, (*inspection).address, "name an address of this machine"},
		{"credential", atOnline, (*inspection).credential, "make a new token, or check the App's id and key: docs/start.md"},
		{"repositories", atOnline, (*inspection).repositories, "correct the name, or let the token or App see the repository"},
		{"models", atOnline, (*inspection).models, "check the key in the Anthropic console, and the model's name in docs/models.md"},
		{"clock", atDoctor, (*inspection).clock, "let a time service set this machine's clock"},
		{"permissions", atDoctor, (*inspection).permissions, "give the token or App that permission on GitHub"},
		{"webhooks", atDoctor, (*inspection).webhooks, "hls hooks install OWNER/REPO --apply"},
		{"labels", atDoctor, (*inspection).labels, "hls labels sync OWNER/REPO"},
		{"limits", atDoctor, (*inspection).limits, "wait for the reset, or give HLS a credential of its own"},
		{"schema", atDoctor, (*inspection).schema, "hls migrate"},
		{"disk", atDoctor, (*inspection).disk, "free space, or set storage.retention"},
		{"service", atDoctor, (*inspection).service, "hls serve"},
	}
}

// inspection gathers what is found.
type inspection struct {
	settings *config.Settings
	redactor *hls.Redactor
	depth    depth
	findings []Finding
	told     string
	doors    *doors
	shut     bool // the doors cannot be opened, and the examination of them has said why
}

// longestLook is what asking others may take in all.
const longestLook = 2 * time.Minute

// examine looks at everything up to a depth, and tells of each examination what was seen and found.
func (p *inspection) examine(ctx context.Context, to depth) []Examined {
	p.depth = to
	if to >= atOnline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, longestLook)
		defer cancel()
	}
	var out []Examined
	for _, e := range examinations() {
		if e.from > to {
			continue
		}
		before := len(p.findings)
		p.told = ""
		e.look(p, ctx)
		seen := Examined{Name: e.name, Told: p.told, Findings: p.findings[before:len(p.findings):len(p.findings)]}
		for i := range seen.Findings {
			if seen.Findings[i].Remedy == "" {
				seen.Findings[i].Remedy = e.remedy
			}
		}
		out = append(out, seen)
	}
	return out
}

// open makes the doors on the first use; nil when they cannot be.
func (p *inspection) open() *doors {
	if p.doors != nil || p.shut {
		return p.doors
	}
	p.shut = true
	router, err := newRouter(p.settings)
	if err != nil {
		return nil
	}
	p.doors, _ = openDoors(p.settings, outside{redactor: p.redactor, tokens: func(repo string) hls.Secret {
		token, _ := router.Token(repo)
		return token
	}})
	return p.doors
}

func (p *inspection) problem(key, format string, args ...any) {
	p.find(key, "", false, fmt.Sprintf(format, args...))
}

func (p *inspection) warn(key, remedy, format string, args ...any) {
	p.find(key, remedy, true, fmt.Sprintf(format, args...))
}

func (p *inspection) find(key, remedy string, warning bool, message string) {
	p.findings = append(p.findings, Finding{
		Problem: p.settings.At(key, p.redactor.Redact(message)), Warning: warning, Remedy: p.redactor.Redact(remedy),
	})
}

// tell keeps what an examination saw, for whoever reads that all is well.
func (p *inspection) tell(format string, args ...any) {
	p.told = p.redactor.Redact(fmt.Sprintf(format, args...))
}
