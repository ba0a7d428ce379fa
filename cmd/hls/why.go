package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"hls/internal/hls"
	"hls/internal/web"
)

type whyCmd struct {
	reach
	Subject  string `arg:"" optional:"" help:"An issue, a pull request or another subject, as the list of deliveries shows it."`
	Delivery string `help:"In place of a subject: the id of a delivery." placeholder:"ID"`
	Limit    int    `help:"Most tasks to tell of, the newest, up to 50 (default: 5)." placeholder:"N"`
	Output   string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls why --help.
func (whyCmd) Help() string {
	return "Example:\n  hls why 'acme/widget-shop#212'\n  hls why 'acme/widget-shop#212' --limit 1 --output json\n  hls why --delivery 51a10000-0000-4000-8000-000000000001\n\n" +
		"Tells of each task from end to end: the rules that let the event through or stopped it, what was gathered, the " +
		"template, the model and the cost, the answer, what code dropped and for which reason, what was planned and what " +
		"became of it. --output json has the prompt as it was sent, too. While the service runs it is asked."
}

// Run tells why.
func (k whyCmd) Run(c *call) error {
	form := url.Values{}
	for name, value := range map[string]string{"subject": k.Subject, "delivery": k.Delivery} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if k.Limit != 0 {
		form.Set("limit", strconv.Itoa(k.Limit))
	}
	if len(form) == 0 || k.Subject != "" && k.Delivery != "" {
		return fmt.Errorf("%w: name a subject, as owner/repo#42, or a delivery by --delivery", errUsage)
	}
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	why, err := log.Why(c.ctx, form.Encode())
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, why)
	}
	return printWhy(c.io.out, why)
}

func printWhy(w io.Writer, why web.Why) error {
	for i, e := range why.Tasks {
		if i > 0 {
			fmt.Fprintln(w)
		}
		p := explainer{w, e, why.Settings}
		p.print()
	}
	if why.More {
		_, err := fmt.Fprintln(w, "\nthere are older tasks: --limit tells of more")
		return err
	}
	return nil
}

// explainer prints one task: a line for each stage, and below it, indented, what is known of it.
type explainer struct {
	io.Writer
	web.Explained
	settings string // in force
}

func (p explainer) print() {
	if p.TaskID == 0 {
		fmt.Fprintf(p, "%s, delivery %s: %s\n", cell(p.Repository), cell(p.DeliveryID), cell(because(string(p.State), p.Reason)))
	} else {
		fmt.Fprintf(p, "%s, task %d (%s): %s\n", cell(p.Subject), p.TaskID, cell(p.Purpose), cell(standing(p.Listed)))
	}
	p.receive()
	p.route()
	if p.TaskID == 0 {
		return
	}
	p.gather()
	p.analysis()
	p.plan()
	p.act()
}

// stage begins a stage, with the time that it took where that is known.
func (p explainer) stage(s hls.Stage, text string) {
	if p.Plan != nil && p.Plan.Gathered != nil && p.Plan.Gathered.Took[s] >= 0.0005 {
		text = strings.TrimSpace(text + " (" + took(p.Plan.Gathered.Took[s]) + ")")
	}
	fmt.Fprintln(p, strings.TrimRight(fmt.Sprintf("  %-8s %s", s, text), " "))
}

// line is something that is known of a stage. Whatever text it has stays below the stage.
func (p explainer) line(format string, args ...any) {
	fmt.Fprintln(p, indented("    ", fmt.Sprintf(format, args...)))
}

func (p explainer) receive() {
	hook := ""
	if p.HookID != "" {
		hook = ", hook " + cell(p.HookID)
	}
	p.stage(hls.StageReceive, fmt.Sprintf("%s by %s, at %s%s", cell(eventName(p.Event, p.Action)), cell(p.Actor), told(p.ReceivedAt), hook))
	record := "passed over: " + cell(p.Reason)
	if p.TaskID != 0 {
		record = fmt.Sprintf("delivery %s, queued at %s by %s", cell(p.DeliveryID), told(p.QueuedAt), cell(string(p.Origin)))
	}
	p.stage(hls.StageRecord, record)
}

func (p explainer) route() {
	then := ""
	if p.Plan != nil && p.Plan.Gathered != nil {
		then = p.Plan.Gathered.Settings
	}
	text := "by the settings in force now"
	switch {
	case then != "" && then == p.settings:
		text = "by the settings in force, as then"
	case then != "":
		text = "by the settings in force now: they are others than those that decided then"
	}
	p.stage(hls.StageRoute, text)
	table := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for _, s := range p.Trace {
		verdict := "pass"
		if s.Stop != "" {
			verdict = "stop: " + s.Stop
		}
		fmt.Fprintf(table, "    %s\t%s\t%s\n", cell(s.Rule), cell(verdict), cell(s.Value))
	}
	_ = table.Flush()
	if p.Partly != "" {
		p.line("%s", p.Partly)
	}
}

func (p explainer) gather() {
	p.stage(hls.StageGather, "")
	if p.Plan == nil || p.Plan.Gathered == nil {
		p.line("nothing is kept: the task came to no plan")
		return
	}
	g := p.Plan.Gathered
	p.line("revision %s, rule %s", cell(g.Revision), cell(g.Rule))
	var facts []string
	for _, f := range []struct {
		name  string
		value any
	}{
		{"target", g.Target}, {"asked for by comment", g.Asked}, {"comments", g.Comments}, {"label events", g.History},
		{"labels of the repository", g.Labels}, {"similar issues", numbers(g.Similar)}, {"linked issues", numbers(g.Linked)},
		{"files", g.Files}, {"bytes of diff", g.DiffBytes}, {"checks", g.Checks}, {"said before", g.Raised},
		{"besides", strings.Join(g.Values, ", ")},
	} {
		if text := cell(fmt.Sprint(f.value)); text != "" && text != "0" {
			facts = append(facts, f.name+": "+text)
		}
	}
	if len(facts) > 0 {
		p.line("%s", strings.Join(facts, "; "))
	}
	if g.Previous != 0 {
		p.line("the analysis before: task %d, of %s", g.Previous, cell(g.PreviousRevision))
	}
	for _, o := range g.Omitted {
		p.line("not shown: %s: %s", cell(o.Filename), cell(o.Why))
	}
	if more := g.OmittedIn - len(g.Omitted); more > 0 {
		p.line("not shown: %d more files", more)
	}
}

func numbers(issues []int) string {
	var names []string
	for _, n := range issues {
		names = append(names, fmt.Sprintf("#%d", n))
	}
	return strings.Join(names, " ")
}

func (p explainer) analysis() {
	a := p.Analysis
	switch {
	case a == nil:
		p.stage(hls.StagePrompt, "none is kept")
		p.stage(hls.StageAnalyze, "Claude gave no answer that counts")
		return
	case a.Model == "":
		p.stage(hls.StagePrompt, "none: the facts alone give the answer")
		p.stage(hls.StageAnalyze, "Claude was not asked")
	default:
		p.stage(hls.StagePrompt, fmt.Sprintf("%s, hash %s", cell(a.Template), cell(short(a.PromptHash))))
		p.line("%d bytes of instructions, %d bytes about the event", len(a.System), len(a.User))
		p.stage(hls.StageAnalyze, fmt.Sprintf("%s at %s", cell(a.Model), told(a.At)))
		p.line("%s", spent(a.Usage))
	}
	p.line("%s", answerText(a.Answer))
}

// short is as much of a hash as people compare.
func short(hash string) string { return hash[:min(len(hash), 12)] }

func (p explainer) plan() {
	p.stage(hls.StagePlan, "")
	if p.Plan == nil {
		p.line("none")
		return
	}
	for _, e := range p.Plan.Effects {
		p.line("%s on %s", cell(string(e.Kind)), cell(e.Subject.String()))
		for _, line := range details(e) {
			p.line("%s", indented("  ", line))
		}
	}
	if p.Plan.Silent != "" {
		p.line("says nothing: %s", cell(p.Plan.Silent))
	}
	for _, d := range p.Plan.Dropped {
		p.line("dropped %s: %s", cell(d.What), cell(d.Why))
	}
	for _, m := range p.Plan.Remember {
		p.line("remembers %s %s", cell(m.Kind), cell(m.Key))
	}
}

func (p explainer) act() {
	text := ""
	if rest := p.rest(); rest > 0 && len(p.Effects) > 0 {
		text = "(" + took(rest) + ")"
	}
	p.stage(hls.StageAct, text)
	if len(p.Effects) == 0 {
		p.line("nothing was done on GitHub")
		return
	}
	table := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for _, e := range p.Effects {
		fmt.Fprintf(table, "    %s\t%s\t%s\t%s\n", cell(string(e.Kind)), cell(string(e.State)), told(e.At), cell(strings.TrimSpace(e.URL+" "+e.Error)))
	}
	_ = table.Flush()
}

// rest is what the stages before acting leave of the time that the task took, in seconds, where it ran once.
func (p explainer) rest() float64 {
	if p.Plan == nil || p.Plan.Gathered == nil || p.Attempt != 1 {
		return 0
	}
	rest := p.DurationSeconds
	for _, spent := range p.Plan.Gathered.Took {
		rest -= spent
	}
	return max(rest, 0)
}
