package github

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

const maxStatuses = 100

// DeploymentStatuses reads how a deployment went, in no order that GitHub promises.
func (c *Client) DeploymentStatuses(ctx context.Context, s hls.Subject, deployment int64) ([]hls.DeploymentStatus, error) {
	statuses, err := whole[hls.DeploymentStatus](ctx, c, listing{
		repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf("deployments/%d/statuses", deployment), most: maxStatuses, cut: true,
	})
	return statuses, notOffered(err)
}
