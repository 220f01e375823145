#!/usr/bin/env bash
# Runs every fuzz target of every module for FUZZTIME. What it finds stays in testdata/fuzz as a seed.
. "$(dirname "$0")/lib.sh"

fuzztime=${FUZZTIME:-5s}

# fuzz runs a target. Go's own coordinator may report the end of -fuzztime as a failure (golang.org/issue/75804): only then, when
# nothing was found and nothing else went wrong, the target runs once more, and that run decides.
fuzz() {
	local out try
	for try in 1 2; do
		out=$(go test -run='^$' -fuzz="^$2\$" -fuzztime="$fuzztime" "$1" 2>&1) && return
		printf '%s\n' "$out"
		[ "$try" = 1 ] && ended_late "$2" "$out" || return 1
		loud "$2: the end of -fuzztime was taken for a failure; it runs once more"
	done
}

# ended_late reports whether all that a run says of its failure is that its time was over.
ended_late() {
	local said
	said=$(grep -v -E '^(fuzz: elapsed:|exit status 1$|FAIL\b)' <<<"$2")
	[[ $said =~ ^---\ FAIL:\ $1\ \([0-9.]+s\)$'\n'\ +context\ deadline\ exceeded$ ]]
}

failed=()
targets=0
for module in $(modules); do
	pushd "$module" >/dev/null
	while read -r dir name; do
		targets=$((targets + 1))
		echo "== $module $dir $name ($fuzztime)"
		fuzz "$dir" "$name" || failed+=("$dir $name")
	done < <(git ls-files -- '*_test.go' | xargs -r grep -H -o -E '^func Fuzz[A-Za-z0-9_]*' |
		sed -E 's|^([^:]*/)?[^/:]*:func (.*)$|./\1 \2|')
	popd >/dev/null
done
[ ${#failed[@]} -eq 0 ] || die "$(printf 'fuzzing failed:'; printf '\n    %s' "${failed[@]}")"
echo "$targets fuzz targets ran $fuzztime each"
