# Each target is a script of scripts/, so that CI and a shell without make run the same.
.PHONY: test lint cover fuzz release-check bench soak golden

test: ## every module; with the race detector where a C compiler is found
	@scripts/test.sh

lint: ## gofumpt, vet, golangci-lint, tidy, fix, imports of the root module
	@scripts/lint.sh

cover: ## statement coverage of the root package, at least 90 %
	@scripts/cover.sh

fuzz: ## every fuzz target for FUZZTIME (5s): make fuzz FUZZTIME=60s
	@FUZZTIME="$(FUZZTIME)" scripts/fuzz.sh

release-check: ## a stranger's go get: make release-check VERSION=v0.2.0
	@VERSION="$(VERSION)" scripts/release-check.sh

bench: ## PASSES (20) runs of every benchmark, written to docs/benchmarks.md
	@PASSES="$(PASSES)" scripts/bench.sh

soak: ## the fault tests in their long form; writes the table of docs/guarantees.md
	@scripts/soak.sh

golden: ## rewrite the golden files; review the difference like code
	@go test -run 'Golden' . -update
