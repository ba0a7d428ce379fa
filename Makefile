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
.PHONY: help build demo test lint fmt fuzz tools clean

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

build: ## build bin/hls, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/hls ./cmd/hls

demo: build ## run the whole service with no account and no key (ARGS=--once to stop after the last delivery)
	$(BIN)/hls demo $(ARGS)

test: tools ## run every test with the race detector, installing what is missing
	CGO_ENABLED=1 $(TESTSUM) --format pkgname -- -race -timeout 15m ./...

lint: $(LINT) ## check the style budget and the usual mistakes
	$(LINT) run ./...

fmt: $(LINT) ## format the code
	$(LINT) fmt ./...

fuzz: ## fuzz every target for a short while (FUZZTIME=20s)
	@sh deploy/fuzz.sh $(or $(FUZZTIME),20s)

tools: $(TESTSUM)
	@command -v gcc >/dev/null 2>&1 || sh deploy/apt-install.sh gcc libc6-dev

$(LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

$(TESTSUM):
	GOBIN=$(BIN) $(GO) install gotest.tools/gotestsum@$(TESTSUM_VERSION)

clean: ## remove what was built
	rm -rf $(BIN) dist
