package record

import "time"

// Config says where everything is kept, and for how long.
type Config struct {
	// URL is where the record is kept: sqlite:PATH for one process, or postgres://USER:PASSWORD@HOST/DATABASE for any number.
	URL string `yaml:"url"`
	// Retention says how long what is stored is kept; zero keeps it for good. The totals of the counters stay.
	Retention Retention `yaml:"retention"`
}

// Retention is how long what is stored is kept; zero keeps it for good.
type Retention struct {
	// Payloads is how long the bodies of deliveries are kept.
	Payloads time.Duration `yaml:"payloads"`
	// Analyses is how long prompts and answers are kept.
	Analyses time.Duration `yaml:"analyses"`
	// Records is how long ended and parked deliveries are kept with their outcomes and effects: at least 31 days, since
	// they tell what came before. The effects on an object that is still active stay.
	Records time.Duration `yaml:"records"`
	// Audit is how long entries of the audit log are kept. Where its beginning is cut off, an entry vouches for the rest.
	Audit time.Duration `yaml:"audit"`
}
