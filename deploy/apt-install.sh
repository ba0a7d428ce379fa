#!/bin/sh
# Installs Debian packages that a make target needs and does not find, as root or through sudo.
set -eu
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
echo "installing: $*" >&2
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq "$@" >/dev/null
