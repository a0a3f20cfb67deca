# SPDX-License-Identifier: MIT OR Apache-2.0
# Every command a person needs, each complete by itself: it installs what it uses. `make` alone lists them.

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/proof-of-efficiency
# forge, cast and anvil of the pinned version first: see scripts/deps.sh.
export PATH := $(CURDIR)/target/bin:$(CACHE)/tools/bin:$(CURDIR)/target/cache/tools/bin:$(PATH)
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1
export CARGO_TERM_COLOR ?= auto

# One profile and one feature set everywhere, so that no crate is built twice.
CARGO_FLAGS := --workspace --all-features --locked
# What `cargo build $(CARGO_FLAGS)` puts there. (`cargo run --package` would build dependencies again, with other features.)
BIN := $(or $(CARGO_TARGET_DIR),target)/debug

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

SOLHINT := node_modules/.bin/solhint --disc --noPoster --max-warnings 0

##### The two commands of the README

.PHONY: test demo
test: deps ## Run every test (forge default profile, Rust workspace, scripts)
	forge test
	POE_CACHE=$(CACHE)/proving scripts/rust-tests.sh
	node --test --test-reporter=spec scripts/test/

demo: deps ## Show the protocol at work on a private chain, with real proofs (about ten minutes)
	scripts/demo.sh --cache $(CACHE)/proving

.PHONY: test-demo
test-demo: deps ## The same, smaller: one proof through plonky2 and halo2, and every balance checked
	scripts/demo.sh --quick --plain --cache $(CACHE)/proving

##### Set-up

.PHONY: deps env clean
deps: ## Install forge, solc, forge-std and the Solidity packages at their pinned versions
	@scripts/deps.sh

env: ## Print the PATH that has this project's forge: eval "$$(make -s env)"
	@echo 'export PATH="$(CURDIR)/target/bin:$(CACHE)/tools/bin:$$PATH"'

clean: ## Remove everything that a build or a test wrote here
	rm -rf out cache broadcast target

##### All that CI runs

# In the order of their cost. .ci/run takes the list from here.
CHECKS := fmt-check lint house-rules requirements-check vectors-check bindings-check bulloak sizes snapshots-check figures \
          test-demo test-deploy rehearse test-ci coverage
# What needs neither forge's build nor its ports (slither and halmos have builds of their own): runs beside the list above.
CHECKS_BESIDE := fmt-check-rust clippy doc deny economics-check fuzz-check circuits-check verifier-check slither halmos

.PHONY: check list-checks list-checks-beside
check: teeth test $(CHECKS) $(CHECKS_BESIDE) ## Run all that CI runs
	@echo "check: all passed"

list-checks:
	@echo $(CHECKS)

list-checks-beside:
	@echo $(CHECKS_BESIDE)

##### Form

.PHONY: fmt fmt-check fmt-check-rust lint solhint house-rules clippy doc deny
fmt: deps ## Format Solidity and Rust
	forge fmt
	cargo fmt --all

fmt-check: deps
	forge fmt --check

fmt-check-rust:
	cargo fmt --all --check

lint: deps solhint ## Lint: forge lint and solhint, any warning fails
	forge build --deny warnings
	forge lint --deny notes contracts $(wildcard script)
	forge lint --deny notes --severity high -- test

solhint: deps
	$(SOLHINT) 'contracts/**/*.sol'
	$(SOLHINT) --config .solhint.interfaces.json 'contracts/interfaces/**/*.sol'
	$(SOLHINT) --config .solhint.generated.json --ignore-path /dev/null 'contracts/verifiers/**/*.sol'

house-rules: ## Licence lines, no machine paths, no registry hosts, no unfinished work
	scripts/check-spdx.sh
	scripts/check-house-rules.sh

clippy:
	cargo clippy $(CARGO_FLAGS) --all-targets -- --deny warnings

doc:
	RUSTDOCFLAGS="--deny warnings" cargo doc $(CARGO_FLAGS) --no-deps

deny:
	scripts/cargo-deny.sh

##### Tests

.PHONY: teeth test-ci deep sizes coverage bulloak mutants mutants-rust halmos slither fuzz-check
teeth: deps ## Prove that a failing test and a wrong snapshot fail the commands CI trusts
	scripts/check-teeth.sh

test-ci: deps
	FOUNDRY_PROFILE=ci forge test

deep: deps ## Fuzz and invariants for hours, with a new seed
	FOUNDRY_PROFILE=deep scripts/deep.sh

sizes: deps
	FOUNDRY_CACHE_PATH=cache/contracts forge build --sizes contracts

# Coverage compiles without the optimizer: what bounds gas or code size (test/gas/, *Gas*.t.sol) cannot hold there.
coverage: deps ## Line and branch coverage of contracts/, with the thresholds
	FOUNDRY_PROFILE=coverage forge coverage --no-match-path 'test/{gas/**,**/*Gas*.t.sol}' \
	    --report lcov --report-file target/lcov.info
	node scripts/coverage.mjs target/lcov.info --root contracts --lines 98 --branches 95
	rm -rf cache/forge # Else forge takes what is left in out/, which is not optimized, for the build of the other profiles.

bulloak: deps ## Every .tree file is implemented by the test beside it
	scripts/bulloak.sh

# Their properties run among the tests of the crate. Nothing is linked here, so libFuzzer itself is not needed.
fuzz-check: ## The fuzz targets compile, with the dependencies of their lock file
	CUSTOM_LIBFUZZER_PATH=./none cargo check --manifest-path rollup/fuzz/Cargo.toml --locked \
	    --target-dir $(or $(CARGO_TARGET_DIR),target)

# Some ten seconds a mutant: SAMPLE=0 takes all of them, some 3,000. What stopped goes on with the same command.
SAMPLE := 40
SEED := 1
DRAWN = --seed $(SEED) $(if $(filter-out 0,$(SAMPLE)),--sample $(SAMPLE))
mutants: deps ## Mutation testing of contracts/: SAMPLE mutants, or all with SAMPLE=0; SEED draws others
	node scripts/mutate.mjs $(DRAWN) --at-least 95

mutants-rust: deps ## The same of the Rust core: rollup/, verifier-gen/, bindings/ and the decoders of prover/ and node/
	scripts/tools.sh cargo-mutants
	node scripts/mutate-rust.mjs $(DRAWN) --at-least 90

halmos: deps ## Symbolic tests
	scripts/python-tools.sh halmos

slither: deps ## Static analysis
	scripts/python-tools.sh slither

##### Circuits

.PHONY: circuits-check rows prove verifier verifier-check
circuits-check: ## Every circuit is the one locked in prover/circuits.json
	scripts/xtask.sh circuits

rows: ## Rows of the leaf circuit, part by part
	scripts/xtask.sh rows

# The profile of the tests optimizes as much as matters here, and is built already.
prove: ## Prove 8 full batches into one last plonky2 proof and verify it, with rows, time and memory by layer
	cargo build $(CARGO_FLAGS) --examples
	$(BIN)/examples/prove_range --batches 8

VERIFIER := --insecure-dev-srs --cache $(CACHE)/proving

verifier: deps ## Write the contracts under contracts/verifiers and test/verifiers/generated anew
	cargo build $(CARGO_FLAGS) --bins --examples
	$(BIN)/verifier-gen generate $(VERIFIER)
	$(BIN)/examples/verifier_fixtures --write

verifier-check: deps ## The committed verifiers are what the generator writes from the circuits
	cargo build $(CARGO_FLAGS) --bins --examples
	$(BIN)/verifier-gen check $(VERIFIER)
	$(BIN)/examples/verifier_fixtures

##### Deployments

.PHONY: deploy-local deploy-local-mock test-deploy
deploy-local: deps ## Deploy, with the committed verifier, to an anvil of chain 31337 on port 8545
	scripts/deploy-local.sh

deploy-local-mock: deps ## The same with the mock verifier, which accepts every proof
	scripts/deploy-local.sh --mock

test-deploy: deps ## Rehearse deployments under the chain ids of anvil, Sepolia and mainnet
	scripts/test-deploy.sh

##### Documents

.PHONY: references
references: deps ## The part of rehearse that takes seconds: what documents refer to exists, and each command has a plan
	cargo build $(CARGO_FLAGS) --bins --examples
	node scripts/rehearse.mjs --bin $(BIN) --look

# Copies the builds, so that nothing is built twice; what scripts compile beside them is left by test-deploy.
.PHONY: rehearse
rehearse: deps ## Do what the documents tell: run their commands, look for all they refer to
	forge build
	cargo build $(CARGO_FLAGS) --bins --examples
	node scripts/rehearse.mjs --bin $(BIN)

##### Generated files

.PHONY: bindings bindings-check snapshots snapshots-check figures requirements requirements-check vectors-check economics
bindings: deps ## Write bindings/artifacts, the contracts' ABI and code as the Rust bindings ship them
	forge build
	scripts/xtask.sh bindings

bindings-check: deps
	forge build
	scripts/xtask.sh bindings --check

snapshots: deps ## Measure gas and code size anew into snapshots/
	node scripts/snapshots.mjs

snapshots-check: deps
	node scripts/snapshots.mjs --check

figures: deps ## Measure the performance figures: a table, and target/figures.json
	node scripts/figures.mjs

requirements: ## Generate docs/verification.md, the map from requirements to tests
	node scripts/requirements.mjs

requirements-check:
	node scripts/requirements.mjs --check

# The formats' vectors are checked by the tests of xtask, and by a model of the specification that shares no code with them.
vectors-check: ## The vectors of batch fee, L2 cryptography and the example chain, recomputed
	node scripts/fee-vectors.mjs --check
	node scripts/exp-error-bound.mjs --check
	node scripts/l2-vectors.mjs --check
	scripts/python-tools.sh reference

economics: ## Simulate the batch fee beside the historical rule and write docs/economics/ anew, about a minute
	node scripts/economics.mjs

economics-check: ## docs/economics/ is what the simulation gives
	node scripts/economics.mjs --check
