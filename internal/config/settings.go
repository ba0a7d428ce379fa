package config

import (
	"errors"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"hls/internal/analyze"
	"hls/internal/claude"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/internal/receive"
	"hls/internal/record"
	"hls/internal/route"
)

// Settings is settings.yaml.
type Settings struct {
	// The HTTP server: the webhook, the health checks and the dashboard.
	Server Server `yaml:"server"`
	// The door to GitHub.
	GitHub GitHub `yaml:"github"`
	// The door to Claude, and what it may cost.
	Claude Claude `yaml:"claude"`
	// Where deliveries, analyses and effects are kept.
	Storage record.Config `yaml:"storage"`
	// The repositories to work for; the first whose name matches applies.
	Repositories []route.Repository `yaml:"repositories"`
	// The prompt templates.
	Prompts prompt.Config `yaml:"prompts"`
	// What is switched on.
	Features Features `yaml:"features"`
	// How the work is done.
	Processing Processing `yaml:"processing"`
	// The log.
	Logging Logging `yaml:"logging"`
	// The search for deliveries that never came (features.recover_missed).
	Recovery Recovery `yaml:"recovery"`
	// The search for open issues and pull requests that no event has told of.
	Sweep Sweep `yaml:"sweep"`
	// The look for reactions that decide about proposals (repositories[].approve_by_reaction).
	Approvals Approvals `yaml:"approvals"`
	// Traces.
	Telemetry Telemetry `yaml:"telemetry"`

	file  string
	tree  *tree
	above map[string]string // keys that a variable of ours stands above, with its name
}

// Server is the section server.
type Server struct {
	receive.Config `yaml:",inline"`

	// Address to listen on. 0.0.0.0 is every interface of the machine; the default is this machine only.
	Host string `yaml:"host" default:"127.0.0.1"`
	// Port to listen on; 0 takes a free one.
	Port int `yaml:"port" default:"8000" jsonschema:"minimum=0,maximum=65535"`
	// Where GitHub reaches this server from outside, such as https://hls.example.com; the webhook's address is this and
	// webhook_path. It tells which of a repository's webhooks is HLS's, and what hls hooks install writes into one.
	PublicURL string `yaml:"public_url"`
	// Guards everything but the webhook and the health checks. Without it those pages answer this machine only.
	AdminToken hls.Secret `yaml:"admin_token"`
	// Lets read what admin_token guards, and change nothing. It needs admin_token beside it.
	ViewerToken hls.Secret `yaml:"viewer_token"`
	// Names under which browsers reach the dashboard, besides the one of public_url, loopback's and the address itself. A
	// browser that has signed in is refused under any other: a page made to lead here could use its session.
	AllowedHosts []string `yaml:"allowed_hosts"`
	// Serves Go's profiles under /debug/pprof/ to this machine alone; with trusted_proxies set, to nobody.
	PProf bool `yaml:"pprof" default:"false"`
	// Addresses or networks of reverse proxies in front. With any named, no request counts as coming from this machine:
	// without admin_token the guarded pages answer nobody.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	// Serves HTTPS when both files are named.
	TLS TLS `yaml:"tls"`
	// How long work under way may take to finish after SIGTERM.
	ShutdownGrace time.Duration `yaml:"shutdown_grace" default:"30s"`
}

// TLS names the files of a certificate and its key.
type TLS struct {
	// PEM file of the certificate, with its chain.
	CertFile string `yaml:"cert_file"`
	// PEM file of the certificate's private key.
	KeyFile string `yaml:"key_file"`
}

// GitHub is the section github.
type GitHub struct {
	github.Config `yaml:",inline"`

	// Secret that signs the webhooks, or a list of them while one takes the other's place.
	WebhookSecret []hls.Secret `yaml:"webhook_secret"`
}

// Claude is the section claude.
type Claude struct {
	claude.Config `yaml:",inline"`

	Analyze analyze.Config `yaml:",inline"`
}

// Features is the section features.
type Features struct {
	// Checks the signature of every delivery. It can be switched off only while server.host is loopback.
	SignatureValidation bool `yaml:"signature_validation" default:"true"`
	// Answers a delivery once it is stored, and works on it afterwards.
	AsyncProcessing bool `yaml:"async_processing" default:"true"`
	// Sets labels: what an issue is about, how large a pull request is. False sets and removes none on any event of any
	// repository, and the plan tells which it left out; comments and reviews go on.
	AutoLabeling bool `yaml:"auto_labeling" default:"true"`
	// Posts comments on issues, reviews and comments on pull requests. False posts none on any event of any repository,
	// and the analysis says what was found; labels go on.
	AutoCommenting bool `yaml:"auto_commenting" default:"true"`
	// Plans everything and changes nothing on GitHub.
	DryRun bool `yaml:"dry_run" default:"false"`
	// Creates the labels that the configuration names when the service starts.
	AutoSetupLabels bool `yaml:"auto_setup_labels" default:"false"`
	// Keeps the prompt and the answer of each analysis.
	SaveAnalyses bool `yaml:"save_analyses" default:"true"`
	// Asks GitHub, at start and every recovery.every, for deliveries that failed or never came, and takes them in.
	RecoverMissed bool `yaml:"recover_missed" default:"false"`
}

// Processing is the section processing.
type Processing struct {
	// How many deliveries are worked on at a time.
	Concurrency int `yaml:"concurrency" default:"16" jsonschema:"minimum=1,maximum=1024"`
	// How often one is tried before it is parked. Tries that an outage of GitHub or Claude ends do not count.
	MaxAttempts int `yaml:"max_attempts" default:"8" jsonschema:"minimum=1,maximum=100"`
	// How long an outage of GitHub or Claude, or a limit of theirs, may put one off before it is parked; more than 0s.
	GiveUpAfter time.Duration `yaml:"give_up_after" default:"24h"`
	// How long to wait for more events on the same subject; 0s starts at once.
	Debounce time.Duration `yaml:"debounce" default:"10s"`
	// The most that one run may take; at least 1s.
	Timeout time.Duration `yaml:"timeout" default:"10m"`
	// The most analyses of one issue or pull request in a day; 0 means no cap.
	AnalysesPerSubjectPerDay int `yaml:"analyses_per_subject_per_day" default:"10"`
}

// Recovery is the section recovery.
type Recovery struct {
	// How often GitHub's logs of the webhooks are looked through; 0s looks at start alone.
	Every time.Duration `yaml:"every" default:"15m"`
}

// Sweep is the section sweep.
type Sweep struct {
	// How often open issues and pull requests are looked for that no event has told of; 0s never does by itself.
	Every time.Duration `yaml:"every" default:"0s"`
	// What was opened later than that is left to its event, which may still come.
	OlderThan time.Duration `yaml:"older_than" default:"30m"`
	// The most that one pass takes in of one repository.
	Most int `yaml:"most" default:"20" jsonschema:"minimum=1,maximum=1000"`
	// Lets comments, reviews and whatever else the repository's options allow follow, as of any event; false sets labels
	// alone.
	Comment bool `yaml:"comment" default:"false"`
}

// Approvals is the section approvals.
type Approvals struct {
	// How often comments that list proposals are looked at for reactions, of which GitHub tells nobody; 0s looks only when
	// another event of the same issue or pull request comes in.
	Every time.Duration `yaml:"every" default:"1m"`
	// For how many days after a proposal.
	Days int `yaml:"days" default:"14" jsonschema:"minimum=1,maximum=365"`
}

// Logging is the section logging.
type Logging struct {
	// Least level that is logged.
	Level Level `yaml:"level" default:"INFO"`
	// Form of the lines.
	Format string `yaml:"format" default:"json" jsonschema:"enum=json,enum=text"`
	// File that the log is appended to; empty means standard error.
	File string `yaml:"file"`
	// Logs the payloads of deliveries, whatever they hold.
	LogPayloads bool `yaml:"log_payloads" default:"false"`
}

// Telemetry is the section telemetry.
type Telemetry struct {
	// URL of an OpenTelemetry collector that takes OTLP over HTTP; empty means the standard OTEL_* variables.
	OTLPEndpoint string `yaml:"otlp_endpoint"`
}

// Level is the name of a log level as log/slog has it. Python's names are read too, in either case.
type Level string

var levels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "WARNING": slog.LevelWarn,
	"ERROR": slog.LevelError, "CRITICAL": slog.LevelError,
}

// Level makes it a slog.Leveler.
func (l Level) Level() slog.Level { return levels[string(l)] }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) error {
	level, known := levels[strings.ToUpper(string(text))]
	if !known {
		return errors.New("want one of DEBUG, INFO, WARNING, ERROR")
	}
	*l = Level(level.String())
	return nil
}

// Default is the settings of an empty file.
func Default() *Settings {
	s := &Settings{}
	setDefaults(reflect.ValueOf(s).Elem())
	s.Storage.URL = "sqlite:data/hls.db"
	return s
}
