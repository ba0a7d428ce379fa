#!/bin/sh
# Installs goreleaser into bin/. Later versions need a newer Go.
set -eu
cd "$(dirname "$0")/.."
GOBIN="$(pwd)/bin" go install github.com/goreleaser/goreleaser/v2@v2.15.1
