package handler

import "hls/internal/hls"

// table is every event that HLS knows in particular, by its name in X-GitHub-Event, with what may come of it.
var table = map[string]family{
	"check_run":    {checkRuns{}, kinds{hls.UpsertComment}},
	"issues":       {issues{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
	"pull_request": {pullRequests{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview}},
	"workflow_job": {workflowJobs{}, kinds{hls.UpsertComment, hls.CreateIssue}},
	"workflow_run": {workflowRuns{}, kinds{hls.UpsertComment, hls.CreateIssue, hls.RerunFailedJobs}},
}

type kinds []hls.EffectKind
