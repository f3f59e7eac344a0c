# `make run` builds and starts a demonstration, `make test` runs all tests. Both install missing packages if they can.

# Debian packages for the build, and additional ones for the tests.
BUILD_PACKAGES = libcurl4-openssl-dev libssl-dev libyaml-dev
TEST_PACKAGES = curl mandoc nginx-light openssl python3-botocore python3-jsonschema python3-prometheus-client python3-yaml util-linux
# Programs for tests that are only unpacked, because an installation would start them as services.
UNPACKED_PACKAGES = prometheus prometheus-alertmanager mariadb-server-core libaio1 liburing2
# For make two-datacenters-check.
SIDES_PACKAGES = curl iproute2 jq nginx-light python3-yaml
SIDES_UNPACKED = mariadb-client-core prometheus-mysqld-exporter
# Needed to generate the manual, and to make the Debian package.
INSTALL_PACKAGES = python3
DEB_PACKAGES = dpkg-dev lintian python3 xz-utils
BENCH_PACKAGES = gcc golang-go haproxy libc6-dev nginx-light python3 wrk
PAGE_PACKAGES = chromium python3
# Swift's runtime needs libstdc++. The archives folder has only libstdc++.a, so the linker links it statically. No library is
# loaded at run time that needs symbols of the program, so none are exported.
ARCHIVES = .build-release/archives
RELEASE_FLAGS = -c release --static-swift-stdlib --scratch-path .build-release \
  -Xlinker "-L$(CURDIR)/$(ARCHIVES)" -Xlinker --no-export-dynamic -Xlinker --build-id=none
VERSION = $(shell sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/healthz/Healthz.swift)
# Folders of an installation, all below DESTDIR.
PREFIX = /usr/local
UNITS = $(PREFIX)/lib/systemd/system
ZSH = $(PREFIX)/share/zsh/site-functions
SYSCONFDIR = /etc
# The only time that goes into packages: that of the commit, or in a source tarball that of its files.
# See https://reproducible-builds.org/specs/source-date-epoch/.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)
# Duration of each fuzzer.
FUZZ_SECONDS = 600
# Duration of the soak.
SOAK_SECONDS = 600

.PHONY: help run test check lint lint-tools format builds release install install-files install-service deb sbom \
  dist deb-check reproducible-check openapi-check systemd-check bench bench-calls soak fuzz sanitize sanitize-thread sanitize-address setup-build setup-test

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-22s %s\n", $$1, $$2 }' Makefile

run: setup-build ## build, and start a demonstration
	swift build --product healthz
	.build/debug/healthz demo

# No parallel tests: most tests block a thread while they wait, and Swift's pool has one thread for each processor, so two
# tests could block all others.
SWIFT_TEST = swift test --no-parallel

test: setup-test ## run all tests
	$(SWIFT_TEST)

# The gate: linters, all tests, the API description, and the tests under both sanitizers.
check: lint test openapi-check sanitize ## run linters, tests, and the tests under the sanitizers

# Skips missing linters; `make lint-tools` installs them.
lint: export PATH := $(CURDIR)/.build/tools/lint/bin:$(PATH):$(CURDIR)/.build/tools/usr/bin
lint: ## check the format of the sources, and all other files with their linters
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run scripts/setup scripts/unpack scripts/lint-tools \
	    scripts/openapi-check scripts/systemd-check scripts/boot-systemd scripts/strip scripts/deb scripts/deb-check \
	    scripts/reproducible-check scripts/dist; \
	  else echo "skipped: shellcheck is not installed"; fi
	@if command -v hadolint >/dev/null; then hadolint Dockerfile; \
	  else echo "skipped: hadolint is not installed"; fi
	@if command -v actionlint >/dev/null; then actionlint; \
	  else echo "skipped: actionlint is not installed"; fi
	@if command -v openapi-spec-validator >/dev/null; then openapi-spec-validator docs/openapi.yaml; \
	  else echo "skipped: openapi-spec-validator is not installed"; fi
	@scripts/lint-stack
	@if command -v systemd-analyze >/dev/null; then \
	    systemd-analyze security --offline=true --no-pager --threshold=15 deploy/healthz.service >/dev/null; \
	  else echo "skipped: systemd-analyze is not installed"; fi

lint-tools: ## install missing linters
	@scripts/lint-tools .build/tools/lint
	@scripts/unpack .build/tools $(UNPACKED_PACKAGES)

# Without tests of documents, files and terminal output: they exercise no memory or threads that other tests do not.
# Without the tests that hide /proc or take all tasks of a user: a sanitizer needs both, for the names of functions.
SANITIZED_TEST = $(SWIFT_TEST) \
  --skip 'browser|DocumentedCommandsTests|ManualTests|OpenAPITests|PrometheusTests|StackFileTests|TerminalTests|ThreadQuotaTests|withoutProc'
THREAD = --sanitize=thread --scratch-path .build-thread
ADDRESS = --sanitize=address --scratch-path .build-address

sanitize: sanitize-thread sanitize-address ## run the tests under the thread and address sanitizers

sanitize-thread: setup-test
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.suppressions $(SANITIZED_TEST) $(THREAD)

# Leak detection is off, because XCTest itself leaks.
sanitize-address: setup-test
	ASAN_OPTIONS=detect_leaks=0 $(SANITIZED_TEST) $(ADDRESS)

# libFuzzer has the main function, so each fuzzer needs its own build.
FUZZERS = Configuration Discovery HTTPWire Health Judging
FUZZ_CONFIGURATION_SEEDS = testdata/configuration/valid testdata/configuration/invalid

# All builds in addition to that of `make test`.
builds: release
	swift build --build-tests $(THREAD)
	swift build --build-tests $(ADDRESS)
	$(MAKE) $(addprefix build-fuzz-,$(FUZZERS))

fuzz: ## run all fuzzers
	$(MAKE) $(addprefix build-fuzz-,$(FUZZERS))
	$(MAKE) -j 2 $(addprefix run-fuzz-,$(FUZZERS))

fuzz-%:
	$(MAKE) build-fuzz-$* run-fuzz-$*

build-fuzz-%: setup-build
	HEALTHZ_FUZZ=1 swift build -c release --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address --scratch-path .build-fuzz --product $*Fuzzer

run-fuzz-%:
	mkdir -p .build-fuzz/corpus/$*
	ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no .build-fuzz/release/$*Fuzzer \
	  -max_total_time=$(FUZZ_SECONDS) $(FUZZ_FLAGS) -timeout=10 -max_len=4096 -artifact_prefix=.build-fuzz/ -print_final_stats=1 \
	  .build-fuzz/corpus/$* $(if $(filter Configuration,$*),$(FUZZ_CONFIGURATION_SEEDS),Fuzz/corpus/$*)

format: ## format the Swift sources
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Fuzz Benchmarks

$(ARCHIVES)/libstdc++.a:
	mkdir -p $(ARCHIVES)
	archive=$$(clang -print-file-name=libstdc++.a) && test -e "$$archive" && ln -sf "$$archive" $@ \
	  || echo "libstdc++.a is not found: the program will need libstdc++.so.6"

release: setup-build $(ARCHIVES)/libstdc++.a ## build the stripped program .build-release/healthz
	swift build $(RELEASE_FLAGS) --product healthz
	scripts/strip .build-release/release/healthz $(PROGRAM)
	@ls -l $(PROGRAM)

PROGRAM = .build-release/healthz
SHARE = $(DESTDIR)$(PREFIX)/share

# Builds only what is missing or older than its sources: root often has no Swift.
$(PROGRAM): Package.swift $(shell find Sources -type f)
	$(MAKE) release

install: $(PROGRAM) ## install program, manual and completions below PREFIX=/usr/local
	@scripts/setup $(INSTALL_PACKAGES)
	$(MAKE) install-files

# Notices of the packages that the program is built from; the tests build no release.
NOTICES = $(sort $(or $(wildcard .build-release/checkouts/*/NOTICE.txt),$(wildcard .build/checkouts/*/NOTICE.txt)))

# The program generates the manual and the completions.
install-files:
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/healthz
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(DESTDIR)$(ZSH) $(SHARE)/fish/vendor_completions.d
	scripts/manual $(PROGRAM) >$(SHARE)/man/man1/healthz.1
	$(PROGRAM) --generate-completion-script bash | sed '1{/^#!/d}' >$(SHARE)/bash-completion/completions/healthz
	$(PROGRAM) --generate-completion-script zsh >$(DESTDIR)$(ZSH)/_healthz
	$(PROGRAM) --generate-completion-script fish >$(SHARE)/fish/vendor_completions.d/healthz.fish
	install -D -m 0644 -t $(SHARE)/healthz docs/healthz.schema.json
	install -D -m 0644 -t $(SHARE)/doc/healthz README.md CHANGELOG.md docs/*.md docs/openapi.yaml
	cat $(NOTICES) >$(SHARE)/doc/healthz/NOTICE

# Keeps the settings that are there.
install-service: ## install the systemd units and /etc/healthz
	install -d $(DESTDIR)$(UNITS) $(DESTDIR)$(SYSCONFDIR)/healthz
	install -d -m 0700 $(DESTDIR)$(SYSCONFDIR)/healthz/secrets
	sed 's,/usr/local/bin/,$(PREFIX)/bin/,' deploy/healthz.service >$(DESTDIR)$(UNITS)/healthz.service
	install -m 0644 -t $(DESTDIR)$(UNITS) deploy/healthz.socket
	test -e $(DESTDIR)$(SYSCONFDIR)/healthz/environment \
	  || install -m 0644 deploy/environment $(DESTDIR)$(SYSCONFDIR)/healthz/environment

# The files of a release. The schema for the SBOM is among the tools of `make lint-tools`.
DIST = .build-dist
sbom dist: export PATH := $(CURDIR)/.build/tools/lint/bin:$(PATH)

deb: $(PROGRAM) ## make a Debian package in .build-dist
	@scripts/setup $(DEB_PACKAGES)
	scripts/deb $(PROGRAM) $(VERSION) $(DIST)

sbom: $(PROGRAM) ## list the parts of the program as CycloneDX, and check the list
	@mkdir -p $(DIST)
	scripts/sbom $(PROGRAM) $(VERSION) .build-release/checkouts >$(DIST)/healthz.cdx.json
	scripts/sbom-check $(DIST)/healthz.cdx.json $(PROGRAM)

dist: $(PROGRAM) ## make all files of a release in .build-dist: docs/releasing.md
	@scripts/setup $(DEB_PACKAGES)
	scripts/dist $(PROGRAM) $(VERSION) $(DIST)

reproducible-check: setup-build ## build two clones of this commit, and compare the bytes
	@scripts/setup $(DEB_PACKAGES)
	scripts/reproducible-check

deb-check: deb ## install, upgrade, remove and purge the package in root file systems of its own
	scripts/deb-check $(DIST)

# Tests the running program against docs/openapi.yaml with schemathesis (PyPI); skipped if it is missing.
openapi-check: export PATH := $(CURDIR)/.build/tools/lint/bin:$(PATH)
openapi-check: setup-build ## test the program against docs/openapi.yaml
	swift build --product healthz
	scripts/openapi-check .build/debug/healthz

# BENCH_ROUNDS and BENCH_SECONDS set the duration, BENCH selects parts: make bench BENCH="memory fresh".
bench: release bench-calls ## run the benchmark
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	python3 -B Benchmarks/bench $(BENCH)

# Measures nanoseconds and allocations for one call of each room's hot function.
bench-calls: setup-build $(ARCHIVES)/libstdc++.a ## measure the hot functions
	HEALTHZ_BENCH=1 swift build $(RELEASE_FLAGS) --product HotPaths
	.build-release/release/HotPaths .build-release/calls.json

# Beside HAProxy, in namespaces: /livez while a neighbour takes all threads and names are half answered, ports, tasks.
.PHONY: bench-neighbours
bench-neighbours: release ## measure healthz beside HAProxy with bad neighbours; needs root
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES) iproute2
	python3 -B Benchmarks/neighbours $(BENCH)

# Everything at once, for SOAK_SECONDS: valid load, slow clients, resets, malformed input, reloads, failing upstreams, neighbours.
soak: release ## run everything at once for ten minutes
	@scripts/setup $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	python3 -B Benchmarks/soak --seconds $(SOAK_SECONDS)

# Builds the images and tests them with the local Docker engine.
.PHONY: image-check
image-check: ## build the images and test them with Docker
	scripts/image-check

.PHONY: page-check screenshots

# Tests the status page in a browser. With AXE=…/axe.min.js, axe-core tests it too.
page-check: setup-build ## test the status page in a browser
	@scripts/setup $(BUILD_PACKAGES) $(PAGE_PACKAGES)
	swift build --product healthz
	scripts/page-check

# Makes the pictures in docs/.
screenshots: setup-build ## make the pictures in docs/
	@scripts/setup $(BUILD_PACKAGES) $(PAGE_PACKAGES) fonts-dejavu-core optipng pngquant
	swift build --product healthz
	scripts/screenshots

# Boots a systemd in namespaces and tests the units of deploy/.
systemd-check: release ## boot a systemd and test the units of deploy/
	scripts/systemd-check

# Runs healthz with the real Consul that CONSUL names; without, it builds healthz, and says that it skips the rest.
.PHONY: consul-check
consul-check: setup-build ## run healthz with the real Consul of CONSUL=PATH
	swift build --product healthz
	CONSUL="$(CONSUL)" scripts/consul-check .build/debug/healthz

# Breaks two data centers in network namespaces, part by part. Needs root. SIDES=--short takes under three minutes.
.PHONY: two-datacenters-check
two-datacenters-check: setup-build ## break two data centers in network namespaces, and measure
	@scripts/setup $(BUILD_PACKAGES) $(SIDES_PACKAGES)
	@scripts/unpack .build/tools $(UNPACKED_PACKAGES) $(SIDES_UNPACKED)
	swift build --product healthz
	scripts/two-datacenters-check $(SIDES) .build/debug/healthz

setup-build:
	@scripts/setup --swift $(BUILD_PACKAGES)

setup-test:
	@scripts/setup --swift $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@scripts/unpack .build/tools $(UNPACKED_PACKAGES)
