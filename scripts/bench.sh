#!/usr/bin/env bash
# Measures ours beside the floor, PASSES times over, and writes docs/benchmarks.md.
. "$(dirname "$0")/lib.sh"

cd benchmarks
go run ./report -passes "${PASSES:-20}" -o ../docs/benchmarks.md "$@"
