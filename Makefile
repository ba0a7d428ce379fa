# Every target with a "##" comment is printed by plain `make`.
GO       ?= go
BIN      := $(CURDIR)/bin
LINT     := $(BIN)/golangci-lint
TESTSUM  := $(BIN)/gotestsum
LINT_VERSION    := v2.15.0
TESTSUM_VERSION := v1.13.0
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null)
LDFLAGS  := -s -w -X main.commit=$(COMMIT)
ARGS     ?=

.DEFAULT_GOAL := help
REPORT   := $(BIN)/faults.jsonl
# The packages whose tests have more to do with HLS_FAULTS=1.
FAULTS   := ./internal/faults ./internal/record/... ./internal/app ./internal/web

.PHONY: help build demo test test-faults bench profile screenshots mutants lint lint-deploy package fmt fuzz tools clean

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

build: ## build bin/hls, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -pgo=deploy/hls.pgo -ldflags '$(LDFLAGS)' -o $(BIN)/hls ./cmd/hls

demo: build ## run the whole service with no account and no key (ARGS=--once to stop after the last delivery)
	$(BIN)/hls demo $(ARGS)

test: tools ## run every test with the race detector, installing what is missing
	CGO_ENABLED=1 $(TESTSUM) --format pkgname -- -race -timeout 30m ./...

test-faults: tools ## crash, kill, flood and starve the real program; print what was lost and what was done twice
	@mkdir -p $(BIN) && rm -f $(REPORT)
	HLS_FAULTS=1 HLS_FAULTS_REPORT=$(REPORT) $(GO) test -tags faults -count=1 -p 1 -parallel 12 -timeout 14m $(FAULTS); \
	code=$$?; $(GO) run ./internal/faults/report $(REPORT) && exit $$code

bench: build tools ## measure HLS beside baselines of the same run, and print tables (ARGS="-only ack,growth")
	$(GO) run ./internal/bench $(ARGS)

profile: ## measure where the time goes, for the compiler and for people: deploy/hls.pgo
	@rm -rf $(BIN)/profile && mkdir -p $(BIN)/profile
	$(GO) build -trimpath -o $(BIN)/bench ./internal/bench
	$(BIN)/bench -only ack,work -rounds 1 -lasts 15s -profile $(BIN)/profile
	cp $(BIN)/profile/hls.pgo deploy/hls.pgo

screenshots: ## show the demo to Chromium, and keep what it sees: docs/images
	$(GO) test ./internal/app/demo -run TestScreenshots -count=1 -screenshots $(CURDIR)/docs/images

mutants: ## take the defenses out of the code one at a time, and see the test of each fail (ARGS="name" or a promise: only those)
	@$(GO) run ./internal/mutants $(ARGS)

lint: $(LINT) ## check the style budget and the usual mistakes, and what HLS is deployed with (lint-deploy)
	$(LINT) run ./...
	@sh deploy/lint.sh

lint-deploy: ## check the scripts, alerts, image, unit, manifests and packages in deploy/ (ARGS="systemd": one of them)
	@sh deploy/lint.sh $(ARGS)

package: ## make the archives and the Debian packages in dist/
	@sh deploy/package.sh

fmt: $(LINT) ## format the code
	$(LINT) fmt ./...

fuzz: ## fuzz every target for a short while (FUZZTIME=20s)
	@sh deploy/fuzz.sh $(or $(FUZZTIME),20s)

tools: $(TESTSUM)
	@command -v gcc >/dev/null 2>&1 || sh deploy/apt-install.sh gcc libc6-dev
	@python3 -c 'import jinja2' 2>/dev/null || /usr/bin/python3 -c 'import jinja2' 2>/dev/null || sh deploy/apt-install.sh python3-jinja2
	@command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || sh deploy/apt-install.sh postgresql
	@[ "$$HLS_TEST_PROMTOOL" = off ] || command -v promtool >/dev/null 2>&1 || [ -x $(BIN)/promtool ] || sh deploy/tool.sh prometheus /usr/bin/promtool
	@[ "$$HLS_TEST_CHROMIUM" = off ] || command -v chromium >/dev/null 2>&1 || sh deploy/apt-install.sh chromium

$(LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

$(TESTSUM):
	GOBIN=$(BIN) $(GO) install gotest.tools/gotestsum@$(TESTSUM_VERSION)

clean: ## remove what was built
	rm -rf $(BIN) dist
