# The main job is `make run`, the proof is `make test`; both install what is missing where they can.

# What the build needs, and what the tests need besides, as Debian names it.
BUILD_PACKAGES = libcurl4-openssl-dev libyaml-dev
TEST_PACKAGES = curl nginx-light openssl python3-jsonschema python3-yaml util-linux
BENCH_PACKAGES = gcc libc6-dev nginx-light python3 wrk
RELEASE_FLAGS = -c release --static-swift-stdlib --product healthz --scratch-path .build-release
PREFIX = /usr/local
# How long each fuzzer runs.
FUZZ_SECONDS = 600

.PHONY: run test check lint format release install bench fuzz sanitize setup-build setup-test

run: setup-build
	swift build --product healthz
	.build/debug/healthz demo

test: setup-test
	swift test

# The gate: format, a build without a warning, the tests, and the tests again under the sanitizers.
check: lint test sanitize

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run scripts/setup; \
	  else echo "skipped: shellcheck is not installed"; fi
	@if command -v hadolint >/dev/null; then hadolint Dockerfile; \
	  else echo "skipped: hadolint is not installed"; fi
	@if command -v systemd-analyze >/dev/null; then \
	    systemd-analyze security --offline=true --no-pager --threshold=15 deploy/healthz.service >/dev/null; \
	  else echo "skipped: systemd-analyze is not installed"; fi

# The address sanitizer does not look for leaks, as XCTest itself leaks.
sanitize: setup-test
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.supp swift test --sanitize=thread --scratch-path .build-thread
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-address

# libFuzzer brings the main function, so each of these programs is built for itself alone.
FUZZ_CONFIGURATION_SEEDS = testdata/configuration/valid testdata/configuration/invalid

fuzz: $(addprefix fuzz-,Configuration HTTPWire Health Judging)

fuzz-%: setup-build
	HEALTHZ_FUZZ=1 swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address --scratch-path .build-fuzz --product $*Fuzzer
	mkdir -p .build-fuzz/corpus/$*
	ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no .build-fuzz/release/$*Fuzzer \
	  -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -artifact_prefix=.build-fuzz/ -print_final_stats=1 \
	  .build-fuzz/corpus/$* $(if $(filter Configuration,$*),$(FUZZ_CONFIGURATION_SEEDS),Fuzz/corpus/$*)

format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Fuzz

release: setup-build
	swift build $(RELEASE_FLAGS)
	strip -o .build-release/healthz .build-release/release/healthz
	@ls -l .build-release/healthz

install: release
	install -D -m 0755 .build-release/healthz $(DESTDIR)$(PREFIX)/bin/healthz

bench: release
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	scripts/bench

setup-build:
	@scripts/setup $(BUILD_PACKAGES)

setup-test:
	@scripts/setup $(BUILD_PACKAGES) $(TEST_PACKAGES)
