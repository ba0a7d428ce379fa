package hls

// RuleStep is one rule that an event is held against.
type RuleStep struct {
	Rule  string `json:"rule"`            // what has to hold, in snake_case, as "event_enabled"
	Stop  string `json:"stop,omitempty"`  // the reason for which the event is passed over here; "" when it is let through
	Value string `json:"value,omitempty"` // what decides: the event's own, the settings', or both
}

// Gathered is what gathering found, in short: what a plan rests on, for people to read. Of texts that others wrote it has
// names alone.
type Gathered struct {
	Rule     string `json:"rule"`     // the entry of the settings that applied
	Settings string `json:"settings"` // names the settings that decided: equal where they decide alike
	Revision string `json:"revision"` // of the subject as it was read
	Target   string `json:"target,omitempty"`
	Asked    int64  `json:"asked,omitempty"`

	Comments  int        `json:"comments,omitempty"`
	History   int        `json:"label_events,omitempty"`
	Labels    int        `json:"repository_labels,omitempty"`
	Similar   []int      `json:"similar_issues,omitempty"` // their numbers
	Linked    []int      `json:"linked_issues,omitempty"`
	Files     int        `json:"files,omitempty"`
	DiffBytes int        `json:"diff_bytes,omitempty"` // of the part that is shown
	Omitted   []Omission `json:"omitted,omitempty"`    // files left out of it, the first of them
	OmittedIn int        `json:"omitted_in_all,omitempty"`
	Checks    string     `json:"checks,omitempty"`
	Raised    int        `json:"raised,omitempty"` // what earlier reviews and comments have said
	Values    []string   `json:"values,omitempty"` // names of what the templates of this family see besides

	Previous         int64  `json:"previous_task,omitempty"` // whose analysis was the last before
	PreviousRevision string `json:"previous_revision,omitempty"`

	Took map[Stage]float64 `json:"took_seconds,omitempty"` // by the stages up to the plan
}

// Traced is the rules that a stored delivery is held against by the settings in force now. They are looked at anew: which
// settings decided then is told by Gathered.Settings of the plan.
type Traced struct {
	Steps    []RuleStep
	Settings string   // names the settings in force
	Partly   string   // why not all rules are told; "" where they are
	Delivery Delivery // without its body
}
