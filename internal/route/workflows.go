package route

import "hls/internal/hls"

// Workflows is the section workflows of a repository.
type Workflows struct {
	// Issues true opens one issue for each cause that a run of the default branch fails for; the default is false.
	Issues bool `yaml:"issues"`
	// Rerun true runs the failed jobs of a workflow run once more, after its first attempt and only when Claude holds a flaky
	// test or the infrastructure responsible with a confidence of 0.7 or more; the default is false. The token needs to
	// write Actions.
	Rerun bool `yaml:"rerun"`
}

// policy is the section as handlers know it.
func (w Workflows) policy() hls.WorkflowPolicy {
	return hls.WorkflowPolicy{Issues: w.Issues, Rerun: w.Rerun}
}
