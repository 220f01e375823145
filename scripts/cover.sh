#!/usr/bin/env bash
# Prints the statement coverage of the root package by its own tests and fails under MIN percent.
. "$(dirname "$0")/lib.sh"

min=${MIN:-90}
profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
go test -coverprofile="$profile" . >/dev/null || die "the root package's tests failed"
go tool cover -func="$profile" | awk -v min="$min" '
	$1 != "total:" && $NF + 0 < 60 { low = low "    " $0 "\n" }
	$1 == "total:" { total = $NF + 0 }
	END {
		if (low) printf "functions under 60 %%:\n%s", low
		printf "coverage of the root package: %.1f %% (at least %s %%)\n", total, min
		exit total < min
	}' || die "coverage is under $min %"
