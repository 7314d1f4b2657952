# Everything here needs Go, git and make, and nothing else. What can also use a
# C compiler (the race detector), Node (GitLab's schema and runner) or a container
# engine or a browser says so loudly where that is missing.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN     := $(CURDIR)/bin

# Make splits at blanks, and what was to be done in this folder would be done in another.
ifneq ($(words $(CURDIR)),1)
$(error Make takes no folder with a blank in its name, such as "$(CURDIR)": move this one)
endif

# One set of build settings for everything, so that what is compiled once is
# compiled once.
export CGO_ENABLED := 0
export GOFLAGS     := -trimpath

HELM3_VERSION    := v3.22.0
HELM4_VERSION    := v4.3.1
GOLANGCI_VERSION := v2.15.0
DEADCODE_VERSION := v0.52.0
ACT_VERSION      := v0.2.89
VULNCHECK_VERSION := v1.9.0
GORELEASER_VERSION := v2.15.2
COSIGN_VERSION := v3.1.3
KREW_VERSION := v0.4.3

# A control plane compiled from its modules does not know its own version, and
# charts ask for it.
KUBERNETES_VERSION = $(shell cd test/cluster && go list -m -f '{{.Version}}' k8s.io/kubernetes)
CLUSTER_LDFLAGS = -s -w $(foreach v,gitVersion=$(KUBERNETES_VERSION) \
	gitMajor=$(word 1,$(subst ., ,$(KUBERNETES_VERSION:v%=%))) \
	gitMinor=$(word 2,$(subst ., ,$(KUBERNETES_VERSION:v%=%))),-X k8s.io/component-base/version.$(v))

CC_FOUND := $(shell command -v $$(go env CC) 2>/dev/null)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(BIN)/berth ## Build bin/berth: static and stripped

.PHONY: demo
demo: ## See Berth at work: CLUSTER=embedded (default) or CLUSTER=current
ifeq ($(CLUSTER),current)
	@MAKE=$(MAKE) sh test/demo/build.sh $(BIN)/berth $(BIN)/demo
	@$(BIN)/demo --cluster current
else
	@MAKE=$(MAKE) sh test/demo/build.sh $(BIN)/berth $(BIN)/cluster $(BIN)/demo
	@echo "Starting a control plane of its own."
	@$(BIN)/cluster run -- $(BIN)/demo --cluster $(or $(CLUSTER),embedded)
endif

STAGES := lint test-lint test-cluster test-code test-fuzz test-page test-conformance test-node test-image test-ci test-release
.PHONY: test stages
test: $(STAGES) ## Run everything: linters, unit tests with the race detector, cluster tests, fuzz targets
stages:
	@echo $(STAGES)

.PHONY: lint
lint: $(BIN)/golangci-lint lint-dead lint-licenses ## Run the linters, the walls between the rooms among them
	$(BIN)/golangci-lint run ./...
	cd test/cluster && $(BIN)/golangci-lint run --config ../../.golangci.yml ./...
	cd test/bench && $(BIN)/golangci-lint run --config ../../.golangci.yml ./...
	cd test/page && $(BIN)/golangci-lint run --config ../../.golangci.yml ./...
	cd release && $(BIN)/golangci-lint run --config ../.golangci.yml --build-tags dryrun ./...

# What the programs cannot reach goes, even where a test calls it; what the tests
# share has to be reached from a test.
TAGS  := cluster,conformance,lint,image,bench,node,ci
MAINS  = $$(go list -tags $(TAGS) -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./...)
# dead prints what deadcode finds with the given arguments, and fails if that is anything.
dead = found=$$($(BIN)/deadcode -tags $(TAGS) $(1)) && { [ -z "$$found" ] || { echo "$$found"; exit 1; }; }

.PHONY: lint-dead
lint-dead: $(BIN)/deadcode ## Find functions that nothing reaches, or only a test
	@$(call dead,-filter 'berth$$|berth/internal/' $(MAINS))
	@$(call dead,-test -filter berth/test/ ./...)
	@cd test/cluster && $(call dead,$(MAINS))
	@cd test/bench && $(call dead,-test ./...)
	@cd release && $(call dead,.)

.PHONY: lint-licenses
lint-licenses: ## Check that the licence of everything in bin/berth fits the Apache License
	@go run ./internal/licenses/gen

.PHONY: licenses
licenses: ## Collect the licences of everything in bin/berth into bin/licenses, as the image has them
	@rm -rf $(BIN)/licenses
	@go run ./internal/licenses/gen $(BIN)/licenses
	@cp LICENSE $(BIN)/licenses/LICENSE
	@chmod -R u=rwX,go=rX $(BIN)/licenses # the packages have these modes

# The database of vulnerabilities is on the network alone. Where it cannot be reached,
# that is said and nothing else is done; with NETWORK=required, it is an error.
VULNDB := https://vuln.go.dev
.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in what bin/berth calls: NETWORK=required to fail without one
	@if { curl -fsS -m 20 -o /dev/null $(VULNDB)/index/db.json || wget -q -T 20 -O /dev/null $(VULNDB)/index/db.json; } 2>/dev/null; then \
	  $(MAKE) --no-print-directory $(BIN)/govulncheck && $(BIN)/govulncheck -db $(VULNDB) .; \
	else \
	  echo "!! NO NETWORK: bin/berth is NOT checked for known vulnerabilities: $(VULNDB) cannot be reached." >&2; \
	  [ "$(NETWORK)" != required ]; \
	fi

.PHONY: test-lint
test-lint: ## Check the actions, the GitLab template and component, and the examples
	@command -v npx >/dev/null || [ "$$CI" = true ] || \
	  echo "!! NO NODE FOUND: the GitLab template is NOT checked against GitLab's schema. Install Node to have it." >&2
	go test -tags lint ./test/lint/...

.PHONY: test-cluster
test-cluster: $(BIN)/cluster ## Test the embedded control plane itself
	cd test/cluster && BERTH_TEST_CLUSTER_BIN=$(BIN)/cluster go test -count=1 ./...

# The unit tests and those on the control plane run together: with the race
# detector everything is compiled anew, and once is enough.
.PHONY: test-code
ifeq ($(CC_FOUND),)
test-code: RACE :=
test-code: norace
else
test-code: RACE := CGO_ENABLED=1
endif
test-code: $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 ## Run the unit and cluster tests
	BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_HELM4=$(BIN)/helm4 $(RACE) \
	$(BIN)/cluster run -- go test -count=1 $(if $(RACE),-race) -tags cluster -timeout 25m ./...

CONFORMANCE = BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_HELM4=$(BIN)/helm4 \
	$(BIN)/cluster run -- go test -count=1 -tags conformance -timeout 25m

.PHONY: test-conformance
test-conformance: $(BIN)/berth $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 ## Hold bin/berth against all that is known to leave a release stuck: ROW=T39 for one
	$(CONFORMANCE) -run '$(if $(ROW),TestMatrix/$(ROW)$$,TestMatrix|TestRowsAreWhole|TestPlugin)' ./test/conformance

# Beside the Kubernetes that everything else runs against: an older and a newer one.
VERSIONS ?= v1.35.4 v1.37.2
.PHONY: test-versions
test-versions: $(BIN)/berth $(BIN)/helm3 $(BIN)/helm4 $(VERSIONS:%=$(BIN)/cluster-%) ## Hold bin/berth against the matrix on other versions of Kubernetes: VERSIONS=v1.35.4 ROW=T39 for one
	@failed=; for version in $(VERSIONS); do \
	  echo "==> Kubernetes $$version"; \
	  $(subst $(BIN)/cluster run,$(BIN)/cluster-$$version run,$(CONFORMANCE)) -run 'TestMatrix$(if $(ROW),/$(ROW)$$)' ./test/conformance || failed="$$failed $$version"; \
	done; [ -z "$$failed" ] || { echo "The matrix does not hold on:$$failed" >&2; exit 1; }

.PHONY: conformance-docs
conformance-docs: $(BIN)/berth $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 ## Run the matrix and write docs/conformance.md from what it showed
	$(CONFORMANCE) -run 'TestMatrix|TestRowsAreWhole' ./test/conformance -update

# A real kubelet takes root and containerd; where they are missing, that is said and
# nothing else is done.
NODE = BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_FULL=$(FULL) \
	$(BIN)/node run -- go test -count=1 -tags node -timeout 25m ./test/node/rows

# Where everything is run, on whatever machine that is, a run may take SLACK times its
# bound.
SLACK ?= $(if $(CI)$(filter test,$(MAKECMDGOALS)),3,1)
.PHONY: test-node
ifeq ($(shell uname -s),Linux)
test-node: $(BIN)/berth $(BIN)/node ## Hold bin/berth against a real kubelet: ROW=N07 for one, FULL=1 for the long ones too
	$(if $(ROW),,BERTH_TEST_NODE_BIN=$(BIN)/node go test -count=1 -tags node ./test/node)
	$(NODE) -run '$(if $(ROW),TestNode/$(ROW)$$,.)' -slack $(SLACK) || [ $$? = 77 ]
else
test-node:
	@echo "!! NO REAL NODE: Berth is NOT tested on a kubelet here, which takes Linux." >&2
endif

.PHONY: node-docs
node-docs: $(BIN)/berth $(BIN)/node ## Run all rows on a real kubelet and write docs/real-node.md from what they showed
	$(NODE) -update

.PHONY: norace
norace:
	@echo "!! NO C COMPILER FOUND: the tests run WITHOUT the race detector. Install gcc or clang to have it." >&2

# In CI, where all that it takes is installed, a missing browser is an error.
CHROMIUM ?= $(firstword $(foreach c,chromium chromium-browser google-chrome,$(shell command -v $(c) 2>/dev/null)))
.PHONY: test-page
test-page: ## Click through the page of the review apps in a browser
ifneq ($(CHROMIUM)$(CI),)
	cd test/page && CHROMIUM=$(CHROMIUM) go test -count=1 ./...
else
	@echo "!! NO CHROMIUM FOUND: the page of the review apps is NOT tried in a browser. Install it, or set CHROMIUM, to have it." >&2
endif

.PHONY: test-image
test-image: $(BIN)/berth ## Build the image with a container engine of its own and run it as the runners do
	go test -v -count=1 -timeout 15m -tags image ./test/image/

# The emulators of both platforms' runners take a container engine and Node; where one is
# missing, the test says so and does nothing else.
.PHONY: test-ci
test-ci: $(BIN)/berth $(BIN)/act $(BIN)/cluster $(BIN)/helm3 ## Run workflows and pipelines as users write them, through emulators of the runners: CASE=GitHub/readme for one
	BERTH_TEST_ACT=$(BIN)/act BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_BIN=$(BIN)/berth \
	$(BIN)/cluster run -- go test -v -count=1 -timeout 25m -tags ci -run 'TestCI$(if $(CASE),/$(subst /,$$/,$(CASE))$$)' ./test/ci

# What a release is made of, for VERSION, which a tag will be called: see docs/releasing.md.
# The programs are stamped with it, and every date is that of the commit.
DIST     := dist
IMAGE    ?= ghcr.io/berth-dev/berth
DOWNLOAD ?= https://github.com/berth-dev/berth/releases/download/$(VERSION)
RELEASE_FLAGS ?=
.PHONY: release
release: $(BIN)/goreleaser $(BIN)/release ## Build all of a release into dist: VERSION=v1.2.3 TARGETS=linux_amd64 for one platform
	@echo '$(VERSION)' | grep -Eqx 'v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?' || { echo "VERSION=$(VERSION) is no version such as v1.2.3" >&2; exit 1; }
	@[ -z "$$(git status --porcelain)" ] || echo "!! WHAT IS NOT COMMITTED IS BUILT, TOO: this is no release of the commit that it names." >&2
	@mkdir -p $(BIN) && sed -e '$(if $(TARGETS),s/^    targets: .*/    targets: [$(TARGETS)]/)' .goreleaser.yaml > $(BIN)/goreleaser.yaml
	GORELEASER_CURRENT_TAG=$(VERSION) $(BIN)/goreleaser release --config $(BIN)/goreleaser.yaml --clean --skip=validate,publish,announce
	$(BIN)/release image $(DIST) $(RELEASE_FLAGS)
	$(BIN)/release sbom $(DIST)
	$(BIN)/release describe $(DIST) --image $(IMAGE) --download $(DOWNLOAD)

.PHONY: release-pin
release-pin: $(BIN)/release ## Pin the action, the template and the plugin to what make release has built
	go run ./internal/input/gen --release $(DIST)/release.json .
	$(BIN)/release plugin $(DIST)
	$(BIN)/release notes $(DIST)

.PHONY: release-dry-run
release-dry-run: $(BIN)/goreleaser $(BIN)/release $(if $(FAST),,$(BIN)/cosign $(BIN)/krew $(BIN)/helm3 $(BIN)/helm4) ## Build a release of the last commit twice and hold it against what it promises: FAST=1 for one platform
	cd release && FAST='$(FAST)' go test -count=1 -v -tags dryrun -timeout 60m ./dryrun

.PHONY: test-release
test-release: ## The same for one platform, as a part of make test
	cd release && go test ./...
	@$(MAKE) --no-print-directory release-dry-run FAST=1

# So many inputs for every fuzz target, beyond the seeds that the unit tests play.
INPUTS ?= 10000
.PHONY: fuzz
fuzz: ## Feed the parsers what nobody thought of: INPUTS=1000000
	@sh test/fuzz/run.sh $(INPUTS)

.PHONY: test-fuzz
test-fuzz: ## The same with some thousand inputs each, as a part of make test
	@sh test/fuzz/run.sh 2000 $(BIN)/fuzz

KILLS ?= 100
SEED  ?= 0
.PHONY: chaos
chaos: $(BIN)/berth $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 ## Kill deploys at random requests and heal them: KILLS=100 SEED=0 (a new one)
	BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_HELM4=$(BIN)/helm4 \
	$(BIN)/cluster run -- go test -v -tags conformance -count=1 -timeout 60m -run '^TestChaos' ./test/conformance -kills $(KILLS) -seed $(SEED)

CASES ?= 200
.PHONY: strangers
strangers: $(BIN)/berth $(BIN)/cluster ## Put objects of others round releases at random, and see that none is touched: CASES=200 SEED=0 (a new one)
	BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_STRANGERS=$(CASES) \
	$(BIN)/cluster run -- go test -v -tags conformance -count=1 -timeout 60m -run 'TestMatrix/S39$$' ./test/conformance -seed $(SEED)

RUNS ?= 10
.PHONY: bench
bench: $(BIN)/berth $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 $(BIN)/stopwatch $(BIN)/sdk ## Time Berth beside the Helm 3 and Helm 4 command lines, write docs/benchmarks.md: RUNS=10 of each
	BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_HELM4=$(BIN)/helm4 BERTH_TEST_STOPWATCH=$(BIN)/stopwatch BERTH_TEST_SDK=$(BIN)/sdk \
	$(BIN)/cluster run -- go test -C test/bench -v -count=1 -failfast -tags bench -timeout 6h . -runs $(RUNS) $(or $(BENCH),-write)

APPS ?= 200,2000,10000
SCALE := BERTH_TEST_BIN=$(BIN)/berth BERTH_TEST_HELM3=$(BIN)/helm3 BERTH_TEST_HELM4=$(BIN)/helm4 BERTH_TEST_STOPWATCH=$(BIN)/stopwatch \
	$(BIN)/cluster run -- go test -C test/bench -v -count=1 -tags bench -timeout 30m ./scale \
	-results $(BIN)/bench-scale.md
.PHONY: bench-scale
bench-scale: $(BIN)/berth $(BIN)/cluster $(BIN)/helm3 $(BIN)/helm4 $(BIN)/stopwatch ## Time Berth with many review apps beside the Helm command lines and print the tables: APPS=200,2000,10000
	@rm -f $(BIN)/bench-scale.md
	$(SCALE) -run TestLists -apps $(APPS)
	$(SCALE) -run TestLists -apps $(APPS) -shared
	$(SCALE) -run TestLists -apps $(APPS) -revisions 10
	$(SCALE) -run TestSweep
	@cat $(BIN)/bench-scale.md

.PHONY: cluster-up
cluster-up: $(BIN)/cluster ## Start the embedded control plane; writes .cluster/kubeconfig
	@$(BIN)/cluster up

.PHONY: cluster-down
cluster-down: ## Stop the embedded control plane that cluster-up started
	@if [ -x $(BIN)/cluster ]; then $(BIN)/cluster down; fi

.PHONY: pictures
pictures: ## Take the pictures in docs/pictures of the report's page: needs Chromium, and a font that has emoji
	go run ./test/pictures

.PHONY: generate
generate: ## Write docs/inputs.md, docs/events.md, both actions, the component, plugin.sh and docs/report.schema.json from the source
	go generate ./internal/ci/... ./internal/input/... ./internal/report/...

# ---- What the targets above stand on -----------------------------------------

GO_SOURCES      := $(shell find main.go internal '(' -name '*.go' -o -name 'page.*' ')' -not -name '*_test.go' 2>/dev/null)
DEMO_SOURCES    := $(shell find test/demo -name '*.go' 2>/dev/null)
CLUSTER_SOURCES := $(shell find test/cluster -type f -not -name '*_test.go' 2>/dev/null)
NODE_SOURCES    := $(shell find test/node -name '*.go' -not -name '*_test.go' 2>/dev/null)

.PHONY: FORCE
$(BIN)/.version: FORCE
	@mkdir -p $(BIN); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@

# As a release's program is built, so that the same version of the same commit is the same.
$(BIN)/berth: $(GO_SOURCES) go.mod go.sum $(BIN)/.version
	go build -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)" -o $@ .

$(BIN)/demo: $(DEMO_SOURCES) go.mod go.sum
	go build -ldflags "-s -w" -o $@ ./test/demo

$(BIN)/sdk: test/sdk/sdk.go internal/startup/startup.go go.mod
	go build -ldflags "-s -w" -o $@ ./test/sdk

$(BIN)/stopwatch: test/bench/stopwatch/main.go
	go build -C test/bench -ldflags "-s -w" -o $@ ./stopwatch

$(BIN)/cluster: $(CLUSTER_SOURCES)
	@[ -x $@ ] || echo "Compiling a Kubernetes control plane: about 10 minutes on two cores the first time, seconds after that." >&2
	cd test/cluster && go build -ldflags "$(CLUSTER_LDFLAGS)" -o $@ .

$(BIN)/kubelet: test/cluster/go.mod
	cd test/cluster && go build -ldflags "$(CLUSTER_LDFLAGS)" -o $@ k8s.io/kubernetes/cmd/kubelet

# The parts of a real node lie beside the program that starts them.
$(BIN)/node: $(NODE_SOURCES) $(BIN)/cluster $(BIN)/kubelet go.mod go.sum
	go build -tags node -ldflags "-s -w" -o $(BIN)/node-app ./test/node/app
	go build -tags node -ldflags "-s -w" -o $@ ./test/node

# The plane of another Kubernetes: the same module, in which the versions of
# Kubernetes' modules are exchanged, and what these need is found anew.
$(BIN)/cluster-v%: KUBERNETES_VERSION = v$*
$(BIN)/cluster-v%: $(CLUSTER_SOURCES)
	@echo "Compiling a control plane of Kubernetes v$*: about 10 minutes on two cores the first time." >&2
	@mkdir -p $(BIN)/.versions && cp test/cluster/go.sum $(BIN)/.versions/v$*.sum
	@cd test/cluster && was=$$(go list -m -f '{{.Version}}' k8s.io/kubernetes) && \
	sed -e '/\/\/ indirect$$/d' -e "s/ $$was/ v$*/; s/ v0\.$${was#v1.}/ v0$(patsubst 1%,%,$*)/" go.mod > $(BIN)/.versions/v$*.mod
	cd test/cluster && go build -mod=mod -modfile=$(BIN)/.versions/v$*.mod -ldflags "$(CLUSTER_LDFLAGS)" -o $@ .

# The version is part of the recipe, so a new one is built when this file changes.
$(BIN)/helm3: Makefile
	GOBIN=$(BIN)/.helm3 go install -ldflags "-s -w" helm.sh/helm/v3/cmd/helm@$(HELM3_VERSION)
	mv $(BIN)/.helm3/helm $@ && rmdir $(BIN)/.helm3 && touch $@

$(BIN)/helm4: Makefile
	GOBIN=$(BIN)/.helm4 go install -ldflags "-s -w" helm.sh/helm/v4/cmd/helm@$(HELM4_VERSION)
	mv $(BIN)/.helm4/helm $@ && rmdir $(BIN)/.helm4 && touch $@

$(BIN)/golangci-lint: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@touch $@

$(BIN)/govulncheck: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" golang.org/x/vuln/cmd/govulncheck@$(VULNCHECK_VERSION)
	@touch $@

$(BIN)/act: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" github.com/nektos/act@$(ACT_VERSION)
	@touch $@

$(BIN)/goreleaser: Makefile
	@[ -x $@ ] || echo "Compiling goreleaser: about 4 minutes on two cores the first time." >&2
	GOBIN=$(BIN) go install -ldflags "-s -w" github.com/goreleaser/goreleaser/v2@$(GORELEASER_VERSION)
	@touch $@

$(BIN)/cosign: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" github.com/sigstore/cosign/v3/cmd/cosign@$(COSIGN_VERSION)
	@touch $@

$(BIN)/krew: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" sigs.k8s.io/krew/cmd/krew@$(KREW_VERSION)
	@touch $@

$(BIN)/release: $(wildcard release/*.go) release/go.mod release/go.sum
	cd release && go build -ldflags "-s -w" -o $@ .

$(BIN)/deadcode: Makefile
	GOBIN=$(BIN) go install -ldflags "-s -w" golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)
	@touch $@
