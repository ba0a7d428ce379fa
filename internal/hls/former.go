package hls

import (
	"cmp"

	"github.com/go-json-experiment/json"
)

// mostFormer is how many bytes of a former name are kept: more than GitHub allows.
const mostFormer = 300

// former is the name that a label or a repository had before: a label's, or owner/name. It is "" where an event renames
// neither ("Webhook events and payloads": label.edited, repository.renamed, repository.transferred).
func former(d Delivery) string {
	if d.Event != "label" && d.Event != "repository" {
		return ""
	}
	type login struct {
		Login string `json:"login"`
	}
	var p struct {
		Repository Repository `json:"repository"`
		Changes    struct {
			Name struct {
				From string `json:"from"`
			} `json:"name"`
			Repository struct {
				Name struct {
					From string `json:"from"`
				} `json:"name"`
			} `json:"repository"`
			Owner struct {
				From struct {
					User         login `json:"user"`
					Organization login `json:"organization"`
				} `json:"from"`
			} `json:"owner"`
		} `json:"changes"`
	}
	if json.Unmarshal(d.Body, &p) != nil { // A change of another shape renames nothing.
		return ""
	}
	if d.Event == "label" {
		return p.Changes.Name.From[:min(len(p.Changes.Name.From), mostFormer)]
	}
	name := p.Changes.Repository.Name.From
	owner := cmp.Or(p.Changes.Owner.From.User.Login, p.Changes.Owner.From.Organization.Login)
	if name == "" && owner == "" {
		return ""
	}
	full := cmp.Or(owner, p.Repository.Owner.Login) + "/" + cmp.Or(name, p.Repository.Name)
	return full[:min(len(full), mostFormer)]
}
