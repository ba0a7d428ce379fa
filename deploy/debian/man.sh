#!/bin/sh
# Packs the manual page for the Debian package, the same each time.
set -eu
mkdir -p bin/man
gzip -9nc deploy/debian/hls.1 >bin/man/hls.1.gz
