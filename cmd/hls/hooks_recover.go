package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/record"
	"hls/internal/recovery"
	"hls/internal/web"
)

type hooksRecoverCmd struct {
	caution
	Target   string        `arg:"" optional:"" help:"A repository (owner/repo), an organization, or app (default: all that the settings name)."`
	Since    time.Duration `help:"Leave out what is older than this, as 6h (default: all that GitHub has kept)." placeholder:"DURATION"`
	Answered bool          `help:"Also what was answered before HLS first saw the log: after the database was lost."`
	Server   string        `help:"Address of the running service (default: server.host and server.port)." placeholder:"URL"`
	Output   string        `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls hooks recover --help.
func (hooksRecoverCmd) Help() string {
	return "Example:\n  hls hooks recover\n  hls hooks recover owner/repo --since 6h --apply\n\n" +
		"Prints which deliveries GitHub's logs have and the record has not; --apply takes them in, as if they had just been " +
		"received. While the service runs it is asked to do so, with server.admin_token; otherwise they wait for its start."
}

// Run looks for deliveries that never came, and takes them in when told to.
func (k hooksRecoverCmd) Run(c *call) error {
	apply, err := k.apply()
	if err != nil {
		return err
	}
	if k.Since < 0 {
		return fmt.Errorf("%w: --since: want a duration such as 6h", errUsage)
	}
	settings, err := config.Load(c.config, config.Options{Need: config.NeedGitHub | config.NeedWebhooks | config.NeedStorage})
	if err != nil {
		return err
	}
	q := web.Recovery{Target: k.Target, Apply: apply, Answered: k.Answered}
	if k.Since > 0 {
		q.Since = time.Now().Add(-k.Since).UTC()
	}
	fmt.Fprintln(c.io.err, "looking through GitHub's logs …")
	report, err := k.recover(c, settings, q)
	if err != nil {
		return err
	}
	if err := k.print(c, report); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return errTrouble
	}
	return nil
}

// recover does it here, or has the service do it whose database belongs to one process.
func (k hooksRecoverCmd) recover(c *call, s *config.Settings, q web.Recovery) (recovery.Report, error) {
	if k.Server == "" {
		report, err := app.RecoverBeside(c.ctx, s, app.Options{Version: release, LogTo: c.io.err}, q)
		if !errors.Is(err, record.ErrInUse) {
			return report, usage(err)
		}
	}
	address := k.Server
	if address == "" {
		address = app.ServiceURL(s)
	}
	report, err := k.ask(c.ctx, strings.TrimSuffix(address, "/"), s, q)
	if err != nil {
		return report, fmt.Errorf("ask the running service, which has the database to itself: %w", err)
	}
	return report, nil
}

// usage marks errors of the target as wrong usage.
func usage(err error) error {
	if errors.Is(err, recovery.ErrTarget) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

const (
	askFor    = 15 * time.Minute // what the service gives itself
	mostReply = 64 << 20
)

// ask posts to the running service. The admin token goes to no other address than that.
func (k hooksRecoverCmd) ask(ctx context.Context, address string, s *config.Settings, q web.Recovery) (report recovery.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	body, err := json.Marshal(q)
	if err != nil {
		return report, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/api/v1/recovery", bytes.NewReader(body))
	if err != nil {
		return report, fmt.Errorf("%w: --server: want an address such as http://127.0.0.1:8000", errUsage)
	}
	if token := s.Server.AdminToken.Reveal(); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return report, fmt.Errorf("it does not answer at %s; name its address with --server, or stop it: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostReply))
	switch {
	case err != nil:
		return report, err
	case resp.StatusCode == http.StatusUnauthorized:
		return report, fmt.Errorf("%s does not take server.admin_token of these settings", address)
	case resp.StatusCode != http.StatusOK:
		return report, refusal(resp.StatusCode, text)
	}
	return report, json.Unmarshal(text, &report)
}

func refusal(code int, text []byte) error {
	var answer struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Reason == "" {
		return fmt.Errorf("it answers %d", code)
	}
	if code == http.StatusBadRequest {
		return fmt.Errorf("%w: %s", errUsage, answer.Reason)
	}
	return errors.New(answer.Reason)
}

func (k hooksRecoverCmd) print(c *call, r recovery.Report) error {
	if k.Output == "json" {
		encoder := json.NewEncoder(c.io.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	table := tabwriter.NewWriter(c.io.out, 0, 0, 2, ' ', 0)
	if len(r.Deliveries) > 0 {
		fmt.Fprintln(table, "DELIVERED AT\tDELIVERY\tEVENT\tREPOSITORY\tANSWERED\tOUTCOME")
	}
	for _, d := range r.Deliveries {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", told(d.At), d.DeliveryID, eventName(d), d.Repository, answered(d.Code), outcome(d))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, l := range r.Logs {
		fmt.Fprintf(c.io.out, "%s, webhook %d: %d attempts from %s to %s%s\n", l.Place, l.HookID, l.Attempts, told(l.From), told(l.To), passed(l.Passed))
	}
	for _, g := range r.Gaps {
		fmt.Fprintln(c.io.out, "gap:", g)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(c.io.out, "problem:", p)
	}
	fmt.Fprintln(c.io.out, summary(r))
	return nil
}

func eventName(d recovery.Missed) string {
	if d.Action == "" {
		return d.Event
	}
	return d.Event + "." + d.Action
}

func answered(code int) string {
	if code == 0 {
		return "no"
	}
	return fmt.Sprint(code)
}

func outcome(d recovery.Missed) string {
	if d.Reason == "" {
		return d.Outcome
	}
	return fmt.Sprintf("%s (%s)", d.Outcome, d.Reason)
}

func passed(over map[string]int) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(over)) {
		parts = append(parts, fmt.Sprintf("%d %s", over[reason], reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; passed over: " + strings.Join(parts, ", ")
}

func summary(r recovery.Report) string {
	taken := 0
	for _, d := range r.Deliveries {
		if d.Outcome == "accepted" {
			taken++
		}
	}
	text := fmt.Sprintf("%d missed, %d taken in", len(r.Deliveries), taken)
	if !r.Applied && len(r.Deliveries) > 0 {
		text += "; nothing is changed, --apply takes them in"
	}
	if r.Unfinished {
		text += "; a limit was reached and there may be more, run it again later"
	}
	return text
}
