package handler

import "hls/internal/hls"

// table is every event that HLS knows in particular, by its name in X-GitHub-Event, with what may come of it.
var table = map[string]family{
	"deployment_status": {deployments{}, kinds{hls.CreateIssue}},
	"discussion":        {discussions{}, kinds{hls.CreateIssue}},
	"issues":            {issues{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment}},
	"label":             {repositoryLabels{}, nil},
	"pull_request":      {pullRequests{}, kinds{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview}},
	"push":              {pushes{}, kinds{hls.CreateIssue}},
	"release":           {releases{}, kinds{hls.CreateIssue, hls.SetSection}},
}

type kinds []hls.EffectKind
