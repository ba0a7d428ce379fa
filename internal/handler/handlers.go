package handler

import "hls/internal/hls"

// table is every event that HLS knows in particular, by its name in X-GitHub-Event, with what may come of it.
var table = map[string]family{
	"check_run":         {checkRuns{}, kinds{hls.UpsertComment}},
	"deployment_status": {deployments{}, kinds{hls.CreateIssue}},
	"discussion":        {discussions{}, kinds{hls.CreateIssue}},
	"issue_comment":     {replies{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
	"issues":            {issues{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
	"label":             {repositoryLabels{}, nil},
	"pull_request":      {pullRequests{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview}},
	"push":              {pushes{}, kinds{hls.CreateIssue}},
	"release":           {releases{}, kinds{hls.CreateIssue, hls.SetSection}},
	"workflow_job":      {workflowJobs{}, kinds{hls.UpsertComment, hls.CreateIssue}},
	"workflow_run":      {workflowRuns{}, kinds{hls.UpsertComment, hls.CreateIssue, hls.RerunFailedJobs}},

	"pull_request_review":         {reviews{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
	"pull_request_review_comment": {reviewComments{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.EditRemark}},
	"pull_request_review_thread":  {reviewThreads{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
}

type kinds []hls.EffectKind
