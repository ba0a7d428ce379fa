package record

import "time"

// Config says where everything is kept, and for how long.
type Config struct {
	// URL is where the record is kept: sqlite:PATH. postgres://… is for a later version, and refused by this one.
	URL string `yaml:"url"`
	// Retention says how long stored text is kept. Counters, outcomes and the ledger of effects stay.
	Retention Retention `yaml:"retention"`
}

// Retention is how long stored text is kept; zero keeps it for good.
type Retention struct {
	// Payloads is how long the bodies of deliveries are kept.
	Payloads time.Duration `yaml:"payloads"`
	// Analyses is how long prompts and answers are kept.
	Analyses time.Duration `yaml:"analyses"`
}
