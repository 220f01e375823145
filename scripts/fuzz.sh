#!/usr/bin/env bash
# Runs every fuzz target of every module for FUZZTIME. What it finds stays in testdata/fuzz as a seed.
. "$(dirname "$0")/lib.sh"

fuzztime=${FUZZTIME:-5s}
failed=()
targets=0
for module in $(modules); do
	pushd "$module" >/dev/null
	while read -r dir name; do
		targets=$((targets + 1))
		echo "== $module $dir $name ($fuzztime)"
		if ! out=$(go test -run='^$' -fuzz="^$name\$" -fuzztime="$fuzztime" "$dir" 2>&1); then
			printf '%s\n' "$out"
			failed+=("$dir $name")
		fi
	done < <(git ls-files -- '*_test.go' | xargs -r grep -H -o -E '^func Fuzz[A-Za-z0-9_]*' |
		sed -E 's|^([^:]*/)?[^/:]*:func (.*)$|./\1 \2|')
	popd >/dev/null
done
[ ${#failed[@]} -eq 0 ] || die "$(printf 'fuzzing failed:'; printf '\n    %s' "${failed[@]}")"
echo "$targets fuzz targets ran $fuzztime each"
