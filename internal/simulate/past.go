package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hls/internal/hls"
)

// PastLabels are the labels of a repository with a past.
func PastLabels() []hls.Label {
	labels := []hls.Label{
		{Name: "bug", Description: "Something does not work as documented"}, {Name: "enhancement", Description: "A wish"},
		{Name: "question", Description: "Somebody wants to know something"}, {Name: "documentation", Description: "The texts are wrong or missing"},
		{Name: "duplicate", Description: "Reported before"}, {Name: "wontfix", Description: "Stays as it is"},
		{Name: "priority-high"}, {Name: "priority-medium"}, {Name: "priority-low"},
	}
	for _, part := range pastParts {
		labels = append(labels, hls.Label{Name: "area-" + part})
	}
	return labels
}

var pastParts = []string{"checkout", "search", "invoices", "catalog", "login", "reports"}

// pastThing is something that was reported, over and over, of one part or another.
type pastThing struct {
	kind, title, body string
	high              bool
}

// pastThings are clear and unclear: of some the stand-in for Claude cannot tell what maintainers made of them.
var pastThings = []pastThing{
	{"bug", "Crash when %s is opened in two tabs", "The %s page crashes with an exception.\n\nSteps to reproduce:\n1. Open it.\n2. Open it in a second tab.\n\nVersion 2.3.1.", true},
	{"bug", "Wrong totals in %s after a refund", "The totals on the %s page are wrong after a refund. To reproduce, refund an order. Version 2.4.0.", false},
	{"bug", "Orders get lost in %s when the connection drops", "In production the %s module loses orders when the connection drops. Version 2.4.0, see the steps in the log.", true},
	{"bug", "Nothing happens on save in %s", "Pressing the button on the %s page does nothing at all. I would expect it to save. Version 2.3.1.", false},
	{"enhancement", "Add support for exports to %s", "It would be nice to export what the %s page shows.", false},
	{"enhancement", "Feature request: dark mode for %s", "Please add an option for a dark %s page.", false},
	{"enhancement", "Make %s faster", "With ten thousand rows the %s page takes four seconds.", false},
	{"question", "How do I configure %s?", "Is there an example for the %s module? What is the recommended value?", false},
	{"question", "An error in %s, or is it my setup?", "On my machine the %s page fails with an error, and nowhere else. What is wrong with my setup?", false},
	{"documentation", "Typo in the documentation of %s", "The docs of the %s module say \"an orders\".", false},
	{"documentation", "The %s guide ends in the middle", "The last sentence of the %s guide in the readme is cut off.", false},
}

// pastWorld makes a past, the same each time.
type pastWorld struct {
	*GitHub
	repo   *repository
	dice   *rand.Rand
	mona   hls.Account // a maintainer
	luis   hls.Account // another
	sorter hls.Account // a bot that sets labels
	made   []pastIssue
}

type pastIssue struct {
	number int
	thing  pastThing
	part   string
}

// pastBegins is when the first of the issues was opened.
func pastBegins() time.Time { return time.Date(2025, time.January, 6, 9, 0, 0, 0, time.UTC) }

// pastPace is how long after one issue the next one was opened.
const pastPace = 7 * time.Hour

// Attic is the repository of NewAttic.
const Attic = "acme/attic"

// NewAttic adds a repository to g whose issues are nearly all closed, for one that looks back. No delivery comes of it.
func NewAttic(g *GitHub) {
	g.AddRepository(RepositorySeed{FullName: Attic, ID: 640_211_079, Description: "What became of old widgets (simulated)", Labels: PastLabels()})
	g.AddPast(Attic, 130)
}

// AddPast gives a repository, which has PastLabels, a past: so many issues, most of them closed, with what happened to each on
// its way. Labels come from maintainers, authors, a bot and HLS itself, some are taken away again, titles and texts change,
// comments tell more, and some repeat others. A few stay open, and now and then there is a pull request. It is the same past
// each time.
func (g *GitHub) AddPast(repo string, issues int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer func() { g.past = time.Time{} }()
	w := &pastWorld{
		GitHub: g, repo: g.known(repo), dice: rand.New(rand.NewPCG(20250106, 9)), //nolint:gosec // It has to be the same each time.
		mona: g.account("mona"), luis: g.account("luis"), sorter: g.account("area-sorter[bot]"),
	}
	for _, login := range []string{"mona", "luis"} {
		w.repo.permissions[login] = "write"
	}
	for i := range issues {
		g.past = pastBegins().Add(time.Duration(i) * pastPace)
		if i%12 == 11 {
			g.addPull(w.repo, PullRequestSeed{IssueSeed: IssueSeed{Title: "Tidy up", Author: "luis", Labels: []string{"enhancement"}, Closed: true}})
		}
		w.live(i)
	}
}

// chance is true in so many cases of a hundred.
func (w *pastWorld) chance(percent int) bool { return w.dice.IntN(100) < percent }

func (w *pastWorld) later(d time.Duration) { w.past = w.past.Add(d) }

// live opens an issue and plays what happened to it.
func (w *pastWorld) live(i int) {
	one := pastIssue{thing: pastThings[w.dice.IntN(len(pastThings))], part: pastParts[w.dice.IntN(len(pastParts))]}
	repeats, of := w.chance(12) && len(w.made) > 20, pastIssue{}
	if repeats {
		of = w.made[w.dice.IntN(len(w.made))]
		one.thing, one.part = of.thing, of.part
	}
	seed := IssueSeed{Title: fmt.Sprintf(one.thing.title, one.part), Body: fmt.Sprintf(one.thing.body, one.part), Author: fmt.Sprintf("user%02d", i%17)}
	if one.thing.kind == "bug" && w.chance(20) {
		seed.Labels = []string{"bug"} // by a template
	}
	s := w.addSubject(w.repo, seed)
	one.number = s.Number
	if !repeats {
		w.made = append(w.made, one)
	}
	w.later(20 * time.Minute)
	w.sort(s, one)
	w.change(s)
	if repeats {
		w.repeats(s, of)
	}
	if w.chance(8) {
		return // It is open to this day.
	}
	w.end(s, repeats)
}

// sort puts labels on an issue.
func (w *pastWorld) sort(s *subject, one pastIssue) {
	switch {
	case w.chance(50):
		w.attach(s, w.sorter, "area-"+one.part)
	case w.chance(50):
		w.attach(s, w.mona, "area-"+one.part)
	}
	w.later(3 * time.Hour)
	if w.chance(10) {
		w.attach(s, w.luis, "question")
		w.later(time.Hour)
		w.detach(s, w.mona, "question")
	}
	switch {
	case w.chance(4):
		return // Nobody got around to it.
	case w.chance(5):
		w.attach(s, w.cfg.Self, one.thing.kind)
	default:
		w.attach(s, w.mona, one.thing.kind)
	}
	if w.chance(70) {
		w.attach(s, w.luis, w.priority(one))
	}
}

func (w *pastWorld) priority(one pastIssue) string {
	switch {
	case one.thing.high && w.chance(85):
		return "priority-high"
	case one.thing.kind == "bug" || w.chance(40):
		return "priority-medium"
	}
	return "priority-low"
}

// change is what comes after the opening and would tell more than it did.
func (w *pastWorld) change(s *subject) {
	if w.chance(25) {
		w.later(time.Hour)
		w.rename(s, w.mona, "Bug: crash, "+s.Title)
	}
	if w.chance(20) {
		w.later(time.Hour)
		w.rewrite(s, s.User, s.Body+"\n\nEdit: this is a crash, a regression of the last release, and a duplicate.")
	}
	if w.chance(40) {
		w.later(time.Hour)
		w.comment(s, w.luis, "This is a bug with an exception in the logs; the documentation needs a word on it, too.")
	}
}

// repeats marks an issue as a duplicate of another.
func (w *pastWorld) repeats(s *subject, of pastIssue) {
	w.later(time.Hour)
	w.comment(s, w.mona, fmt.Sprintf("Duplicate of #%d", of.number))
	w.happen(s, &event{kind: "marked_as_duplicate", actor: w.mona})
	if w.chance(50) {
		w.attach(s, w.mona, "duplicate")
	}
}

func (w *pastWorld) end(s *subject, repeats bool) {
	w.later(48 * time.Hour)
	reason := "completed"
	switch {
	case repeats:
		reason = "duplicate"
	case w.chance(15):
		reason = "not_planned"
	}
	w.setState(s, w.mona, "closed", reason)
	if w.chance(10) {
		w.later(24 * time.Hour)
		w.attach(s, w.luis, "wontfix") // when nobody would look any more
	}
}
