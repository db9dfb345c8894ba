# Habits. Each target is an alias: CMakePresets.json says what is built, ctest what is tested.
#
#   make build            build/release/murm
#   make demo             build, then train a small model with four workers on this machine
#   make test             build, then every test: unit, integration, tidy
#   make check            what a change has to pass: format, headers, clang-tidy, tests with sanitizers
#   make sim SEED=7       one random world of the simulator
#   make soak WORLDS=5000 so many of them
#   make figures          docs/figures: every algorithm in four simulated worlds (minutes)
#   make format           clang-format over the tree
#   make fuzz SECONDS=60  each fuzzer for that long
#   make clean
#
# Everything that builds first runs `make bootstrap`, which installs what Debian packages are missing.

SHELL := /bin/bash
.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: bootstrap build demo test check headers lint sanitize sim soak figures format fuzz clean

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
TEST_JOBS ?= 2
SECONDS ?= 60
SEED ?= 1
WORLDS ?= 5000
MURM_WERROR ?= OFF
BOOTSTRAP := tools/scripts/bootstrap.sh

bootstrap:
	@$(BOOTSTRAP)

build: bootstrap
	@cmake --preset release -DMURM_WERROR=$(MURM_WERROR)
	@cmake --build --preset release -j $(JOBS)

demo: build
	build/release/murm train examples/demo.toml

test: build
	@ctest --preset release -j $(TEST_JOBS)

sim soak: bootstrap
	@cmake --preset release -DMURM_WERROR=$(MURM_WERROR)
	@cmake --build --preset release -j $(JOBS) --target random_worlds
	@build/release/random_worlds $(SEED) $(if $(filter soak,$@),$(WORLDS),1)

figures: build
	@python3 benchmarks/figures.py

# Every public header compiled alone.
headers: bootstrap
	@cmake --preset release -DMURM_WERROR=$(MURM_WERROR)
	@cmake --build --preset release -j $(JOBS) --target all_verify_interface_header_sets

# The unit tests and the simulated worlds under AddressSanitizer and UndefinedBehaviorSanitizer.
sanitize: bootstrap
	@cmake --preset dev
	@cmake --build --preset dev -j $(JOBS) --target murm_unit_tests murm_simulation_tests
	@ctest --preset dev -j $(TEST_JOBS)

lint: build
	@$(BOOTSTRAP) check
	@tools/scripts/lint.sh build/release $(JOBS)

check: bootstrap
	@$(BOOTSTRAP) check
	@tools/scripts/format.sh --check
	@$(MAKE) --no-print-directory headers lint sanitize

format:
	@$(BOOTSTRAP) check
	@tools/scripts/format.sh

fuzz: bootstrap
	@$(BOOTSTRAP) fuzz
	@cmake --preset fuzz
	@cmake --build --preset fuzz -j $(JOBS)
	@for fuzzer in build/fuzz/fuzzers/*; do \
	  [ -x "$$fuzzer" ] || { echo "no fuzzers are registered"; break; }; \
	  corpus=build/fuzz/corpus/$$(basename $$fuzzer); mkdir -p $$corpus; \
	  $$fuzzer -max_total_time=$(SECONDS) -timeout=10 -artifact_prefix=build/fuzz/ $$corpus || exit 1; \
	done

clean:
	rm -rf build
