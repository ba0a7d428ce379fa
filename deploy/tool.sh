#!/bin/sh
# Takes one program out of a Debian package into bin/, without the service that the package would install and start, and
# without being root: tool.sh PACKAGE PATH-IN-IT.
set -eu
package=$1 path=$2
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fetch() { apt-get download -qq -o APT::Sandbox::User=root "$package" >/dev/null 2>&1; }
if ! fetch; then # The lists may be missing or old.
	if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
	fetch
fi
dpkg-deb -x "$package"_*.deb .
mkdir -p "$root/bin"
cp ".$path" "$root/bin/"
echo "installed: bin/$(basename "$path") out of $package" >&2
