#!/bin/sh
# Lints what HLS is deployed with, each file by the tool of its own kind. A tool that is missing is installed: from Debian's
# packages, the npm registry or the Go module proxy. One that cannot be is told, and fails the run, unless
# HLS_LINT_OPTIONAL=1 says that it need not be there. lint.sh [STEP...] runs some of the steps.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
export PATH="$root/bin:$PATH"
DCLINT=3.1.0
DOCKERFILELINT=1.8.0
DOCKERFILE_UTILS=0.16.3
failed=""

# have TOOL COMMAND... : makes sure that a tool is there, by a command that installs it.
have() {
	tool=$1
	shift
	command -v "$tool" >/dev/null 2>&1 && return 0
	"$@" >&2 && command -v "$tool" >/dev/null 2>&1 && return 0
	echo "lint: $tool is not there and cannot be installed" >&2
	[ "${HLS_LINT_OPTIONAL:-}" = 1 ] || failed="$failed $tool"
	return 1
}

# step NAME COMMAND... : runs a check, and tells its output when it fails.
step() {
	name=$1
	shift
	if out=$("$@" 2>&1); then
		echo "ok    $name"
	else
		printf 'FAIL  %s\n%s\n' "$name" "$out"
		failed="$failed $name"
	fi
}

debian() { sh deploy/apt-install.sh "$@"; }
extracted() { sh deploy/tool.sh "$@"; }

# npm_tool NAME VERSION: installs a linter of the npm registry below bin/npm, and links it.
npm_tool() {
	command -v npm >/dev/null 2>&1 || debian npm
	npm install --no-audit --no-fund --silent --prefix "bin/npm/$1" "$1@$2" && ln -sf "npm/$1/node_modules/.bin/$1" "bin/$1"
}

# The programs and scripts of the shell.
lint_shell() {
	have shellcheck debian shellcheck || return 0
	step shellcheck shellcheck deploy/*.sh deploy/debian/*.sh deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm .ci/run
}

# Alerts and the configuration beside them. The metrics themselves are checked by a test of internal/app.
lint_prometheus() {
	have promtool extracted prometheus /usr/bin/promtool || return 0
	step "promtool check rules" promtool check rules deploy/prometheus/hls.rules.yaml
	step "promtool test rules" promtool test rules deploy/prometheus/hls.rules.test.yaml
	step "promtool check config" promtool check config --syntax-only deploy/prometheus/prometheus.yaml
}

# The image and the compose file.
lint_container() {
	if have dockerfilelint npm_tool dockerfilelint "$DOCKERFILELINT"; then
		step dockerfilelint dockerfilelint Dockerfile
	fi
	if have dockerfile-utils npm_tool dockerfile-utils "$DOCKERFILE_UTILS"; then
		step dockerfile-utils dockerfile_utils
	fi
	if have dclint npm_tool dclint "$DCLINT"; then
		step dclint dclint --max-warnings 0 deploy/compose/compose.yaml
	fi
	if docker compose version >/dev/null 2>&1; then
		step "docker compose config" compose_config
	fi
}

# dockerfile-utils tells problems, and ends with 0 all the same.
dockerfile_utils() {
	out=$(dockerfile-utils lint Dockerfile 2>&1)
	echo "$out"
	! echo "$out" | grep -qE '^(Line|Error|Warning)'
}

compose_config() {
	sed 's/\.env$/.env.example/' deploy/compose/compose.yaml | docker compose --project-directory deploy/compose -f - config -q
}

# The unit, and what it may do.
lint_systemd() {
	have systemd-analyze debian systemd || return 0
	step "systemd-analyze security" systemd-analyze security --offline=true --threshold=20 deploy/systemd/hls.service
	step "systemd-analyze verify" verify_unit
}

# verify wants the program to be there.
verify_unit() {
	mkdir -p bin/unit && sed "s#/usr/bin/hls#/bin/true#" deploy/systemd/hls.service >bin/unit/hls.service || return 1
	out=$(systemd-analyze verify --man=no bin/unit/hls.service 2>&1 | grep -F 'unit/hls.service')
	echo "$out"
	[ -z "$out" ]
}

# The manifests of Kubernetes: kustomize puts them together, and Kubernetes' own types read them.
lint_kubernetes() {
	have kubectl extracted kubernetes-client /usr/bin/kubectl || return 0
	step kustomize kubectl kustomize deploy/kubernetes
	step "manifests by Kubernetes' types" manifests
}

manifests() {
	(cd deploy/lint && go build -trimpath -o "$root/bin/lint-kubernetes" .) || return 1
	kubectl kustomize deploy/kubernetes | bin/lint-kubernetes
}

# The configuration of archives and packages, and the Debian package for one architecture.
lint_release() {
	have goreleaser sh deploy/goreleaser.sh || return 0
	step "goreleaser check" goreleaser check
	have lintian debian lintian || return 0
	step "goreleaser release --snapshot" sh deploy/package.sh one
	step lintian lintian --fail-on error,warning --tag-display-limit 0 dist/*_amd64.deb
}

[ $# -gt 0 ] || set -- shell prometheus container systemd kubernetes release
for each in "$@"; do
	"lint_$each"
done
[ -z "$failed" ] || {
	echo "lint: failed:$failed" >&2
	exit 1
}
