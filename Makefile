# Wangge. `make help` lists what can be made.
.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

# The commit is written into the program where git can be asked for it.
BUILD := go build -buildvcs=$(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)
# The topology engine of the page is Go, built by its build.
ENGINE := $(shell find cmd/engine geo/topology geo/fault geo/*.go -name '*.go' ! -name '*_test.go' 2>/dev/null)
PAGE  := $(shell find web/src web/public web/scripts web/index.html web/package.json web/tsconfig.json web/vite.config.ts -type f ! -path 'web/src/workshop/engine/*.wasm' ! -name wasm_exec.js 2>/dev/null)

.PHONY: help run build web test test-go test-web test-browser bench bench-page lint format install clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ARGS=… goes to wangge up, for example: make run ARGS='--listen 127.0.0.1:9000'"

run: build ## install what is missing, build what has changed, start the service
	bin/wangge up $(ARGS)

build: install web ## build the page and the program bin/wangge
	$(BUILD) -o bin/wangge ./cmd/wangge

web: web/dist/index.html ## build the page alone

web/dist/index.html: web/node_modules/.package-lock.json $(PAGE) $(ENGINE)
	cd web && npm run build --silent
	@touch web/dist/.gitkeep $@

# The versions of the lock file. (npm ci refuses a lock file without the parts for
# other systems, which not every registry carries.)
web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

test: ## install what is missing and run all tests: Go, page, browser
	@.ci/test go web browser

test-go: ## only the Go tests
	@.ci/test go

test-web: ## only the page's unit tests
	@.ci/test web

test-browser: ## only the browser tests
	@.ci/test browser

bench: build ## measure ours against the peer and write bench.json; ONLY=name for one
	bin/wangge bench $(if $(ONLY),--only $(ONLY)) --out bench.json

bench-page: web/node_modules/.package-lock.json ## measure the preview of an edit in a browser; EDITS=1000 for more
	cd web && npm run bench --silent -- $(EDITS)

lint: install web/node_modules/.package-lock.json ## look for mistakes, bad form and known vulnerabilities in Go and TypeScript
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	cd web && npm run lint --silent
	@.ci/known-faults

format: web/node_modules/.package-lock.json ## put Go and TypeScript into form
	gofmt -w $$(git ls-files '*.go')
	cd web && npm run format --silent

install: ## install what the program needs (Debian, Ubuntu), or say what is missing
	@.ci/install run

clean: ## remove what was built; data folders stay
	rm -rf bin bench.json web/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete
