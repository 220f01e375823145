#!/usr/bin/env bash
# Makes the commit that a release is tagged on: the modules without the replace directives by which they find each other in
# the repository. go install refuses a module with one. Nothing else works in such a commit before its tags are published.
. "$(dirname "$0")/lib.sh"

drop=()
for module in $(modules); do
	drop+=("-dropreplace=$(cd "$module" && go list -m)")
done
for module in $(modules); do
	(cd "$module" && go mod edit "${drop[@]}")
done
