#!/usr/bin/env bash
# Proves that a stranger can go get what is committed: every module is packed at one version into a module proxy in a
# temporary folder, and a program outside the repository is built and run from it, without a replace directive.
. "$(dirname "$0")/lib.sh"

repo=$PWD
cd tools
go run ./releasecheck -repo "$repo" -version "${VERSION:-}"
