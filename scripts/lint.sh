#!/usr/bin/env bash
# Checks everything about the code that needs no test run, in every module.
. "$(dirname "$0")/lib.sh"

failed=()

# check runs a command that must succeed and, where it only prints what is wrong, print nothing.
check() {
	local what=$1 out
	shift
	if ! out=$("$@" 2>&1) || [ -n "$out" ]; then
		printf -- '-- %s: %s\n%s\n' "$module" "$what" "$out"
		failed+=("$module: $what")
	fi
}

# foreign prints what the root module's non-test code imports beyond the standard library and the module itself.
foreign() {
	go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' ./... |
		grep -v -E '^github\.com/wacloud/wacloud(/|$)' || true
}

gofiles() {
	git ls-files -- '*.go' | { grep -v -E '(^|/)testdata/' || true; }
}

# The linter's version is pinned in tools/go.mod; the first run builds it, later ones find it in Go's cache.
golangci=$(go tool -modfile=tools/go.mod -n golangci-lint)
config=$PWD/.golangci.yml

module=all
if [ -n "$(gofiles)" ]; then
	# shellcheck disable=SC2046
	check 'gofmt -l' gofmt -l $(gofiles)
fi
check 'golangci-lint config verify' "$golangci" config verify --config "$config"

for module in $(modules); do
	echo "== $module"
	pushd "$module" >/dev/null
	check 'go mod tidy -diff' go mod tidy -diff
	check 'go vet' go vet ./...
	check 'go fix -diff' go fix -diff ./...
	check 'golangci-lint' "$golangci" run --config "$config" --show-stats=false ./...
	popd >/dev/null
done

module=.
check 'imports of the root module, standard library only' foreign

# govulncheck reads a database over the network, so it may be out of reach; what it finds counts, its absence does not.
if [ "${VULN:-}" = 1 ]; then
	govulncheck=$(go tool -modfile=tools/go.mod -n govulncheck)
	"$govulncheck" ./... || failed+=("govulncheck")
else
	loud "govulncheck was NOT run (it needs the vulnerability database): VULN=1 make lint runs it"
fi

[ ${#failed[@]} -eq 0 ] || die "$(printf 'lint failed:'; printf '\n    %s' "${failed[@]}")"
