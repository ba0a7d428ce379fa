package handler

// table is every event that HLS knows in particular, by its name in X-GitHub-Event.
var table = map[string]Handler{
	"issues":       issues{},
	"pull_request": pullRequests{},
}
