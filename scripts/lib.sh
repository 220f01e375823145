# shellcheck shell=bash
# Sourced by the other scripts: a strict shell, the repository's root as working directory, and three helpers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOWORK=off # every module is built as a user would build it

# modules prints the folder of each module, the root first.
modules() {
	git ls-files '*go.mod' | grep -v '/testdata/' | sed -e 's|/*go\.mod$||' -e 's|^$|.|' | LC_ALL=C sort
}

# loud prints a line that cannot be overlooked.
loud() {
	printf '\n*** %s\n\n' "$*" >&2
}

die() {
	loud "$*"
	exit 1
}
