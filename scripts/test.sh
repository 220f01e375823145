#!/usr/bin/env bash
# Runs the tests of every module, in random order, with the race detector where it works.
. "$(dirname "$0")/lib.sh"

race=()
if [ "$(go env CGO_ENABLED)" = 1 ] && go build -race runtime/cgo 2>/dev/null; then
	race=(-race)
elif [ "${CI:-}" = true ]; then
	die "CI=true requires the race detector, and that requires a C compiler"
else
	loud "no C compiler found: the tests run WITHOUT the race detector"
fi

# The tests of simulator/browsertest say the same, but go test shows nothing of a package that passes.
command -v chromium chromium-browser google-chrome >/dev/null || loud "no Chromium found: the phone's page is NOT tested in a browser"
[ -d simulator/browsertest/node_modules ] || loud "run npm ci in simulator/browsertest: the accessibility rules are NOT checked"

compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null || loud "no PostgreSQL found: its inbox is NOT tested (Debian: apt-get install postgresql)"
command -v redis-server >/dev/null || loud "no redis-server found: the shared limiter is NOT tested (Debian: apt-get install redis-server)"
command -v strace >/dev/null || loud "no strace found: that a 200 stands behind an fsync is NOT tested"

failed=()
for module in $(modules); do
	echo "== $module"
	if ! (cd "$module" && go test "${race[@]}" -shuffle=on "$@" ./...); then
		failed+=("$module")
	fi
done
[ ${#failed[@]} -eq 0 ] || die "tests failed in: ${failed[*]}"
