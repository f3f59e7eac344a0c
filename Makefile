# `make run` builds and starts a demonstration, `make test` runs all tests. Both install missing packages if they can.

# Debian packages for the build, and additional ones for the tests.
BUILD_PACKAGES = libcurl4-openssl-dev libssl-dev libyaml-dev
TEST_PACKAGES = curl mandoc nginx-light openssl python3-botocore python3-jsonschema python3-prometheus-client python3-yaml util-linux
# Programs for tests that are only unpacked, because an installation would start them as services.
UNPACKED_PACKAGES = prometheus prometheus-alertmanager
# Needed to generate the manual.
INSTALL_PACKAGES = python3
BENCH_PACKAGES = gcc golang-go haproxy libc6-dev nginx-light python3 wrk
PAGE_PACKAGES = chromium python3
# Swift's runtime needs libstdc++. The archives folder has only libstdc++.a, so the linker links it statically. No library is
# loaded at run time that needs symbols of the program, so none are exported.
ARCHIVES = .build-release/archives
RELEASE_FLAGS = -c release --static-swift-stdlib --scratch-path .build-release \
  -Xlinker "-L$(CURDIR)/$(ARCHIVES)" -Xlinker --no-export-dynamic
PREFIX = /usr/local
# Duration of each fuzzer.
FUZZ_SECONDS = 600
# Duration of the soak.
SOAK_SECONDS = 600

.PHONY: run test check lint lint-tools format builds release install install-files openapi-check systemd-check bench bench-calls soak fuzz sanitize setup-build setup-test

run: setup-build
	swift build --product healthz
	.build/debug/healthz demo

# No parallel tests: most tests block a thread while they wait, and Swift's pool has one thread for each processor, so two
# tests could block all others.
SWIFT_TEST = swift test --no-parallel

test: setup-test
	$(SWIFT_TEST)

# The gate: linters, all tests, the API description, and the tests under both sanitizers.
check: lint test openapi-check sanitize

# Skips missing linters; `make lint-tools` installs them.
lint: export PATH := $(CURDIR)/.build/tools/lint/bin:$(PATH):$(CURDIR)/.build/tools/usr/bin
lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run scripts/setup scripts/unpack scripts/lint-tools \
	    scripts/openapi-check scripts/systemd-check; \
	  else echo "skipped: shellcheck is not installed"; fi
	@if command -v hadolint >/dev/null; then hadolint Dockerfile; \
	  else echo "skipped: hadolint is not installed"; fi
	@if command -v openapi-spec-validator >/dev/null; then openapi-spec-validator docs/openapi.yaml; \
	  else echo "skipped: openapi-spec-validator is not installed"; fi
	@scripts/lint-stack
	@if command -v systemd-analyze >/dev/null; then \
	    systemd-analyze security --offline=true --no-pager --threshold=15 deploy/healthz.service >/dev/null; \
	  else echo "skipped: systemd-analyze is not installed"; fi

lint-tools:
	@scripts/lint-tools .build/tools/lint
	@scripts/unpack .build/tools $(UNPACKED_PACKAGES)

# Without tests of documents, files and terminal output: they exercise no memory or threads that other tests do not.
# Without the test that hides /proc, as the sanitizers need it.
SANITIZED_TEST = $(SWIFT_TEST) \
  --skip 'browser|DocumentedCommandsTests|ManualTests|OpenAPITests|PrometheusTests|StackFileTests|TerminalTests|withoutProc'
THREAD = --sanitize=thread --scratch-path .build-thread
ADDRESS = --sanitize=address --scratch-path .build-address

# Leak detection is off, because XCTest itself leaks.
sanitize: setup-test
	$(SANITIZED_TEST) $(THREAD)
	ASAN_OPTIONS=detect_leaks=0 $(SANITIZED_TEST) $(ADDRESS)

# libFuzzer has the main function, so each fuzzer needs its own build.
FUZZERS = Configuration Discovery HTTPWire Health Judging
FUZZ_CONFIGURATION_SEEDS = testdata/configuration/valid testdata/configuration/invalid

# All builds in addition to that of `make test`.
builds: release
	swift build --build-tests $(THREAD)
	swift build --build-tests $(ADDRESS)
	$(MAKE) $(addprefix build-fuzz-,$(FUZZERS))

fuzz:
	$(MAKE) $(addprefix build-fuzz-,$(FUZZERS))
	$(MAKE) -j 2 $(addprefix run-fuzz-,$(FUZZERS))

fuzz-%:
	$(MAKE) build-fuzz-$* run-fuzz-$*

build-fuzz-%: setup-build
	HEALTHZ_FUZZ=1 swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address --scratch-path .build-fuzz --product $*Fuzzer

run-fuzz-%:
	mkdir -p .build-fuzz/corpus/$*
	ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no .build-fuzz/release/$*Fuzzer \
	  -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -artifact_prefix=.build-fuzz/ -print_final_stats=1 \
	  .build-fuzz/corpus/$* $(if $(filter Configuration,$*),$(FUZZ_CONFIGURATION_SEEDS),Fuzz/corpus/$*)

format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

$(ARCHIVES)/libstdc++.a:
	mkdir -p $(ARCHIVES)
	archive=$$(clang -print-file-name=libstdc++.a) && test -e "$$archive" && ln -sf "$$archive" $@ \
	  || echo "libstdc++.a is not found: the program will need libstdc++.so.6"

release: setup-build $(ARCHIVES)/libstdc++.a
	swift build $(RELEASE_FLAGS) --product healthz
	strip -o .build-release/healthz .build-release/release/healthz
	@ls -l .build-release/healthz

install: release
	@scripts/setup $(INSTALL_PACKAGES)
	$(MAKE) install-files

# The program, its manual, and the shell completions, which the program generates.
PROGRAM = .build-release/healthz
SHARE = $(DESTDIR)$(PREFIX)/share

install-files:
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/healthz
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	scripts/manual $(PROGRAM) >$(SHARE)/man/man1/healthz.1
	$(PROGRAM) --generate-completion-script bash >$(SHARE)/bash-completion/completions/healthz
	$(PROGRAM) --generate-completion-script zsh >$(SHARE)/zsh/site-functions/_healthz
	$(PROGRAM) --generate-completion-script fish >$(SHARE)/fish/vendor_completions.d/healthz.fish

# Tests the running program against docs/openapi.yaml with schemathesis (PyPI); skipped if it is missing.
openapi-check: export PATH := $(CURDIR)/.build/tools/lint/bin:$(PATH)
openapi-check: setup-build
	swift build --product healthz
	scripts/openapi-check .build/debug/healthz

# BENCH_ROUNDS and BENCH_SECONDS set the duration, BENCH selects parts: make bench BENCH="memory fresh".
bench: release bench-calls
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	python3 -B Benchmarks/bench $(BENCH)

# Measures nanoseconds and allocations for one call of each room's hot function.
bench-calls: setup-build $(ARCHIVES)/libstdc++.a
	HEALTHZ_BENCH=1 swift build $(RELEASE_FLAGS) --product HotPaths
	.build-release/release/HotPaths .build-release/calls.json

# Everything at once, for SOAK_SECONDS: valid load, slow clients, resets, malformed input, reloads, failing upstreams.
soak: release
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	python3 -B Benchmarks/soak --seconds $(SOAK_SECONDS)

# Builds the images and tests them with the local Docker engine.
.PHONY: image-check
image-check:
	scripts/image-check

.PHONY: page-check screenshots

# Tests the status page in a browser. With AXE=…/axe.min.js, axe-core tests it too.
page-check: setup-build
	@scripts/setup $(BUILD_PACKAGES) $(PAGE_PACKAGES)
	swift build --product healthz
	scripts/page-check

# Makes the pictures in docs/.
screenshots: setup-build
	@scripts/setup $(BUILD_PACKAGES) $(PAGE_PACKAGES) fonts-dejavu-core optipng pngquant
	swift build --product healthz
	scripts/screenshots

# Boots a systemd in namespaces and tests the units of deploy/.
systemd-check: release
	scripts/systemd-check

setup-build:
	@scripts/setup $(BUILD_PACKAGES)

setup-test:
	@scripts/setup $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@scripts/unpack .build/tools $(UNPACKED_PACKAGES)
