package route

import "hls/internal/hls"

// Config is what the settings say about repositories.
type Config struct {
	// Repositories that are worked on. The first entry whose name fits is the one that applies.
	Repositories []Repository `yaml:"repositories"`
}

// Repository is one entry of the list: a repository, or all that a glob stands for.
type Repository struct {
	// Name is owner/repo, or a glob such as owner/*; * stands for anything but a slash. Letter case does not matter.
	Name string `yaml:"name"`
	// Enabled false passes over every event of the repository; the default is true.
	Enabled *bool `yaml:"enabled"`
	// Events that are worked on, with all their actions (issues) or one (issues.opened); the default is issues and
	// pull_request.
	Events Strings `yaml:"events"`
	// WebhookSecret is the repository's own secret, or several while rotating. It replaces github.webhook_secret.
	WebhookSecret []hls.Secret `yaml:"webhook_secret"`
	// Token is used for this repository in place of github.token.
	Token hls.Secret `yaml:"token"`
	// Model is used for all of this repository's work, in place of claude.model and claude.models.
	Model string `yaml:"model"`
	// Models names models for kinds of work, in place of model.
	Models Models `yaml:"models"`
	// DryRun true plans effects of every kind and does none: it is mode shadow under its older name.
	DryRun bool `yaml:"dry_run"`
	// Mode is what becomes of planned effects: shadow stores them and writes nothing, suggest has them wait for approval
	// (hls effects approve), apply does them. The default is apply for a repository that is named, and shadow for those that
	// a glob stands for.
	Mode string `yaml:"mode" jsonschema:"enum=shadow,enum=suggest,enum=apply"`
	// Modes are modes for kinds of effects, such as add_labels or upsert_comment, in place of mode.
	Modes map[string]string `yaml:"modes"`
	// ApproveByReaction true lists what waits for approval in one comment on the issue or pull request, where a 👍 of
	// someone with write access has it done, and a 👎 ends it. The comment is posted whatever comments.auto_post says.
	ApproveByReaction bool `yaml:"approve_by_reaction"`
	// Labels says which labels may be set.
	Labels Labels `yaml:"labels"`
	// Comments says when to speak.
	Comments Comments `yaml:"comments"`
	// Reviews says what follows from the reviews of people.
	Reviews Reviews `yaml:"reviews"`
	// Workflows says what may follow from a failed run of continuous integration besides a comment.
	Workflows Workflows `yaml:"workflows"`
	// Security says how an issue is answered that may report a vulnerability: nothing is said of it but where to report one.
	Security Security `yaml:"security"`
	// Prompts names this repository's templates.
	Prompts Prompts `yaml:"prompts"`
	// Ignore says which of the enabled events are passed over.
	Ignore Ignore `yaml:"ignore"`
	// Budget replaces parts of claude.budget.
	Budget Budget `yaml:"budget"`
	// Commands are comments that begin with /hls, where events has issue_comment or pull_request_review_comment.
	Commands Commands `yaml:"commands"`

	Happenings `yaml:",inline"`
}

// Models is the section models of a repository.
type Models struct {
	// Light is asked for light work, as triage.
	Light string `yaml:"light"`
	// Heavy is asked for heavy work, as reviews.
	Heavy string `yaml:"heavy"`
	// Fallback is asked once, at once, in place of a model that is overloaded; unset, it is claude.models.fallback.
	Fallback string `yaml:"fallback"`
	// Events are models by event, such as pull_request or issues.opened: a name, or model and fallback. They go before
	// light and heavy.
	Events EventModels `yaml:"events"`
}

// Labels is the section labels of a repository.
type Labels struct {
	// AutoApply false sets no label on this repository's issues and pull requests, those that HLS opens among them; the
	// default is features.auto_labeling, and true has no effect where that is false.
	AutoApply *bool `yaml:"auto_apply"`
	// Categories are the only labels that may be set, by group; without them, the labels that the repository has.
	Categories Categories `yaml:"categories"`
	// CreateMissing true creates a configured label that the repository lacks, unless a person deleted or renamed it, which
	// the webhook's event label tells; the default is features.auto_setup_labels.
	CreateMissing *bool `yaml:"create_missing"`
	// MinConfidence, between 0 and 1, is what Claude must claim at least for a label to be set; the default is 0.6.
	MinConfidence *float64 `yaml:"min_confidence" jsonschema:"minimum=0,maximum=1"`
	// NeedsInformation is a label that is set when an issue's author is asked something, and taken away by HLS once a later
	// look finds nothing missing; with categories, one of theirs. The default is none.
	NeedsInformation string `yaml:"needs_information"`
	// Suggest are labels that wait for a person's approval where others are set (hls effects approve); the default is none.
	Suggest Strings `yaml:"suggest"`
	// Leave are labels that are left to people: they are never set, whatever Claude says; the default is none.
	Leave Strings `yaml:"leave"`
	// Demote says when people have taken a label off so often that it waits for approval instead of being set.
	Demote Demote `yaml:"demote"`
}

// Demote is the section demote of labels. What counts is the last 90 days in the repository.
type Demote struct {
	// AtLeast is how often a label must have been set by HLS before it is judged; the default is 5, and 0 never demotes.
	AtLeast *int `yaml:"at_least" jsonschema:"minimum=0"`
	// Overridden, more than 0 and at most 1, is the share of those that people took off from which on a label is demoted;
	// the default is 0.4.
	Overridden *float64 `yaml:"overridden" jsonschema:"minimum=0,maximum=1"`
}

// Commands is the section commands of a repository.
type Commands struct {
	// Enabled false leaves commands alone. The default is true: people with write access are heard, and their commands are
	// acknowledged with a reaction.
	Enabled *bool `yaml:"enabled"`
	// PerHour is the most commands of one person that are heard in an hour; the default is 30, and 0 means no cap.
	PerHour *int `yaml:"per_hour" jsonschema:"minimum=0"`
}

// Comments is the section comments of a repository.
type Comments struct {
	// AutoPost true always posts on an issue or a pull request, and false never: no comment, no review, no change of an
	// earlier remark. The default is to post when the author can act on it. True has no effect where
	// features.auto_commenting is false. What has an option of its own, which is off by default, goes by that alone:
	// opening issues, running jobs again, reactions, sections of a text.
	AutoPost *bool `yaml:"auto_post"`
	// EventTypes are the events that may be answered by a comment or a review, such as issues or pull_request.opened; the
	// default is all.
	EventTypes Strings `yaml:"event_types"`
}

// Reviews is the section reviews of a repository.
type Reviews struct {
	// Labels are the labels that tell where the reviews of a pull request stand.
	Labels ReviewLabels `yaml:"labels"`
	// Withdraw true strikes a remark through when an objection to it holds. Without it the finding is not raised again,
	// and the remark stays as it is.
	Withdraw bool `yaml:"withdraw"`
}

// ReviewLabels is the section labels of reviews. At most one of the three is on a pull request, and none that the
// repository does not have or labels.categories does not name.
type ReviewLabels struct {
	// NeedsChanges is set while someone with write access asks for changes; the default is status/needs-changes, and the
	// empty text sets none.
	NeedsChanges *string `yaml:"needs_changes"`
	// Approved is set when someone with write access approves and nobody asks for changes; the default is status/approved,
	// and the empty text sets none.
	Approved *string `yaml:"approved"`
	// NeedsReview is set otherwise, except on drafts; the default is status/needs-review, and the empty text sets none.
	NeedsReview *string `yaml:"needs_review"`
}

// Security is the section security of a repository.
type Security struct {
	// Contact is where vulnerabilities are reported in private, an address or a few words; the default is the repository's page
	// on GitHub, security/policy.
	Contact string `yaml:"contact"`
	// Label is the only label that is set on such an issue; with categories, one of theirs. The default is none.
	Label string `yaml:"label"`
}

// Prompts is the section prompts of a repository.
type Prompts struct {
	// BaseDir is a folder whose files override the built-in templates of the same path.
	BaseDir string `yaml:"base_dir"`
	// Defaults are template files by group and step, as issues and analyze.
	Defaults map[string]map[string]string `yaml:"defaults"`
}

// Ignore is the section ignore of a repository.
type Ignore struct {
	// Authors are logins, or globs of them, whose events, issues and pull requests are passed over.
	Authors Strings `yaml:"authors"`
	// Bots false lets events by bots start work; the default is true. Events by HLS itself never do.
	Bots *bool `yaml:"bots"`
	// ExceptBots are bots that are heard all the same, as dependabot[bot].
	ExceptBots Strings `yaml:"except_bots"`
	// Drafts true passes over draft pull requests until a review is asked for.
	Drafts bool `yaml:"drafts"`
	// Paths are globs, with ** for any folders; a pull request that touches nothing else is passed over.
	Paths Strings `yaml:"paths"`
	// Labels that take an issue or pull request out, as no-triage; globs are allowed.
	Labels Strings `yaml:"labels"`
	// TitlePatterns are regular expressions (RE2); a title that one of them matches is passed over.
	TitlePatterns Strings `yaml:"title_patterns"`
}

// Budget is the section budget of a repository.
type Budget struct {
	// DailyUSD is the most spent for one repository in a day (UTC), in place of per_repository_daily_usd; 0 means no cap.
	DailyUSD *float64 `yaml:"daily_usd" jsonschema:"minimum=0"`
	// MonthlyUSD is the most spent for one repository in a month, in place of per_repository_monthly_usd; 0 means no cap.
	MonthlyUSD *float64 `yaml:"monthly_usd" jsonschema:"minimum=0"`
	// PerActorDailyUSD is the most spent for the events of one person in a day, over all repositories; 0 means no cap.
	PerActorDailyUSD *float64 `yaml:"per_actor_daily_usd" jsonschema:"minimum=0"`
	// PerActorDailyEvents is the most events of one person that are worked on in a day; 0 means no cap.
	PerActorDailyEvents *int `yaml:"per_actor_daily_events" jsonschema:"minimum=0"`
}

// Features is what the rest of the settings says about every repository.
type Features struct {
	AutoLabeling    bool
	AutoCommenting  bool
	AutoSetupLabels bool
	DryRun          bool
	Budget          hls.Budget // claude.budget
	Web             string     // where GitHub's pages are; "" for github.com
}
