#!/usr/bin/env bash
# Runs the fault tests in their long form, an hour on a small machine at the most, and writes the table of docs/guarantees.md.
# The machine should have nothing else to do.
. "$(dirname "$0")/lib.sh"

cd inbox/faulttest
WACLOUD_SOAK=1 go test -count=1 -timeout 2h "$@" .
