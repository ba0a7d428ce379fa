#!/bin/sh
# Makes the archives and the Debian packages in dist/.
set -eu
cd "$(dirname "$0")/.."
[ -x bin/goreleaser ] || sh deploy/goreleaser.sh
bin/goreleaser release --snapshot --clean
