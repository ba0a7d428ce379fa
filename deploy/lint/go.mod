// A module of its own, so that what Kubernetes' types need is no part of HLS.
module hls/deploy/lint

go 1.26.0
