#!/bin/sh
# Makes the archives and the Debian packages in dist/, the same from the same commit. "package.sh one" makes the package for
# amd64 alone, which is what lint looks at.
set -eu
cd "$(dirname "$0")/.."
[ -x bin/goreleaser ] || sh deploy/goreleaser.sh
HLS_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export HLS_COMMIT SOURCE_DATE_EPOCH
if [ "${1:-}" = one ]; then
	HLS_ONE_TARGET=1 bin/goreleaser release --snapshot --clean --skip=archive
else
	bin/goreleaser release --snapshot --clean
fi
