# Hedgerow's commands; `make` alone lists them. They need Go, Node 20 or later (with npm), make and git. Everything else is installed when
# it is needed, into this folder, except for the browsers and the proxies of some tests, which come from the system (.ci/chromium.sh,
# .ci/firefox.sh, .ci/webkit.sh, .ci/proxy.sh).

SHELL := /bin/bash
# .ci/run sets TIMES, to measure how long each part takes.
ifdef TIMES
SHELL := .ci/timed-shell.sh
.SHELLFLAGS = --part=$@ -c
endif
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PORT ?= 8080
TLS_PORT ?= 8443
EVENTS ?= 10000000
SEED ?= 1
FUZZTIME ?= 10s
WORKERS ?= 2

NPM := wasm/npm
NODE_MODULES := $(NPM)/node_modules/.package-lock.json
# tsc is called by its path, because the test of the published types installs other versions of TypeScript too, and the name in .bin may
# belong to one of them.
TSC := cd $(NPM) && node node_modules/typescript/bin/tsc
BIOME := $(NPM)/node_modules/.bin/biome
GO_TOOLS := bin/tools/gofumpt bin/tools/staticcheck
CONFORMANCE := bin/tools/connectconformance
GREMLINS := bin/tools/gremlins

# make test and make setup build TinyGo where it is missing, so that the package's WebAssembly is tested as it is published. All other
# commands use TinyGo only if it is there.
TINYGO := $(if $(filter test test-all setup,$(MAKECMDGOALS)),tinygo)

# The packages that are compiled to js/wasm, beside the program ./wasm: the library and its tests, but not the server.
WASM_PACKAGES := ./grpcweb/... ./internal/... ./jsbridge/... ./retry ./hedge
JS := GOOS=js GOARCH=wasm
# In the package's WebAssembly an int has 32 bits. The core is tested with such an int on 386, whose programs Linux on amd64 can run.
CORE = $(shell $(JS) go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' ./wasm | grep -Ev '/(jsbridge/host|wasm)$$')
TEST_32_BIT = $(if $(filter linux/amd64,$(shell go env GOHOSTOS)/$(shell go env GOHOSTARCH)),\
  CGO_ENABLED=0 GOARCH=386 go test $(CORE),@echo "not tested: the core with an int of 32 bits, for this system runs no programs for 386")
# This reads the results of go test -json, keeps them for `make scenarios`, and prints what go test prints without -json.
RECORD_GO := node .ci/scenarios/record-go.mjs
# The race detector needs cgo, which Go turns on if it finds a C compiler.
RACE = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

##@ Everyday

.PHONY: help
help: ## List the commands.
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo

.PHONY: demo
demo: build ## Set up, build and serve the demo page on PORT (8080) and, over TLS with HTTP/2, on TLS_PORT (8443).
	@exec bin/server -addr localhost:$(PORT) -tls-addr localhost:$(TLS_PORT)

.PHONY: build
build: build-package build-demo build-server ## Build everything into wasm/npm/dist and bin/.

.PHONY: playground
playground: build-demo ## Build the demo page as static files, with a service worker as its server, into build/playground.
	@node demo/playground.mjs build/playground
	@echo "build/playground is ready for any static host"

.PHONY: test
test: build generate-check test-go test-wasm test-node test-browser test-apps test-interop conformance size-check size-go-check ## Set up, build and run all tests.

.PHONY: test-all
test-all: test test-webkit test-apps-all ## Run those tests, all of the browser suite in Firefox too, a test of each kind of call in WebKitGTK, and all apps.
	@node .ci/engines.mjs --check

.PHONY: try
try: $(NODE_MODULES) ## Run the package's tests that need no server, against src as it is now, in seconds: TESTS=word.
	@node $(NPM)/test.mjs try $(TESTS)

.PHONY: scenarios
scenarios: prerequisites ## Show which tests cover which scenario, and how they ended.
	@stale=$$(node .ci/scenarios/table.mjs --stale) && status=0 && \
	  if [ -n "$$stale" ]; then $(MAKE) --no-print-directory --keep-going $$stale || status=1; fi && \
	  node .ci/scenarios/table.mjs && exit $$status

.PHONY: lint
lint: build-package $(GO_TOOLS) ## Check format and style of Go (native and js/wasm), TypeScript and JavaScript.
	@unformatted=$$(bin/tools/gofumpt -l .) && \
	  if [ -n "$$unformatted" ]; then echo "these files are not formatted; run make format:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(JS) go vet $(WASM_PACKAGES) ./wasm ./conformance/client
	bin/tools/staticcheck ./...
	cd interop && go vet ./... && ../bin/tools/staticcheck ./...
	$(JS) bin/tools/staticcheck $(WASM_PACKAGES) ./wasm ./conformance/client
	$(BIOME) ci --error-on-warnings $(if $(MAKE_TERMOUT),,--colors=off)
	$(TSC) -p tsconfig.json
	$(TSC) -p tsconfig.node.json
	$(TSC) -p test/tsconfig.json

.PHONY: format
format: $(NODE_MODULES) $(GO_TOOLS) ## Format everything, and fix what Biome can fix.
	bin/tools/gofumpt -w .
	$(BIOME) check --write

.PHONY: clean
clean: ## Remove everything that was built or installed here.
	rm -rf bin build coverage $(NPM)/dist $(NPM)/dist-debug $(NPM)/test-dist $(NPM)/node_modules $(NPM)/LICENSE
	find demo/dist -mindepth 1 ! -name .gitkeep -delete

##@ Parts of build

.PHONY: build-package
build-package: $(NODE_MODULES) $(TINYGO) ## Build the npm package into wasm/npm/dist (and its wasm for tests into dist-debug).
	node $(NPM)/build.mjs --debug

.PHONY: build-demo
build-demo: build-package ## Copy the package, the demo page's scripts and the page in Go into demo/dist, which the server embeds.
	@find demo/dist -mindepth 1 ! -name .gitkeep -delete
	@mkdir -p demo/dist/hedgerow
	@cp $(NPM)/dist/*.js $(NPM)/dist/*.js.map $(NPM)/dist/*.wasm demo/dist/hedgerow/
	@if [ -f demo/build.mjs ]; then node demo/build.mjs; fi
	@sh demo/apps/go/build.sh demo/dist/go

.PHONY: build-server
build-server: build-demo ## Build the demo server, with the page inside, into bin/server.
	go build -trimpath -o bin/server ./server/cmd/hedgerow-server

##@ Parts of test

.PHONY: test-go
test-go: prerequisites ## Run the Go tests natively, with the race detector if there is a C compiler; the core's also with a 32-bit int.
	go vet ./...
	set -o pipefail; go test -json $(RACE) ./... | $(RECORD_GO) go
	$(TEST_32_BIT)
	cd demo/apps/go && go vet ./... && go test ./...

.PHONY: test-wasm
test-wasm: build-server ## Run the Go tests compiled to js/wasm under Node, against a running server.
	set -o pipefail; .ci/with-server.sh env $(JS) go test -json -exec "'$(CURDIR)/.ci/wasm-exec.sh'" $(WASM_PACKAGES) | $(RECORD_GO) wasm

.PHONY: test-node
test-node: build-server ## Run the tests of the built npm package, of the demo page's scripts and of .ci under Node.
	$(TSC) -p test/tsconfig.json
	node --test --test-reporter=spec demo/test/*.test.mjs demo/test/*/*.test.mjs .ci/*.test.mjs .ci/*/*.test.mjs
	.ci/with-server.sh node $(NPM)/test.mjs node $(TESTS)

# In make test, Firefox runs the files in which engines differ; make test-all, and make test-browser ENGINE=firefox, run all of them there.
IN_FIREFOX = $(or $(TESTS),$(if $(filter test-all,$(MAKECMDGOALS))$(ENGINE),,$(addprefix browser/,\
  broken cors faults fetch go-app leaving load package service-worker.test streaming web-socket worker.test worker-page)))

.PHONY: test-browser
test-browser: build-server ## Run the tests in headless Chromium and in Firefox: the package, the demo page and Go tests. ENGINE= names one of them.
ifneq ($(ENGINE),firefox)
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && .ci/with-server.sh node $(NPM)/test.mjs browser $(TESTS)
endif
ifneq ($(ENGINE),chromium)
	FIREFOX=$$(.ci/firefox.sh) && export FIREFOX && \
	  { [ -z "$$FIREFOX" ] || ENGINE=firefox .ci/with-server.sh node $(NPM)/test.mjs browser $(IN_FIREFOX); }
endif

.PHONY: test-webkit
test-webkit: build-server ## Run a test of each kind of call in WebKitGTK.
	WEBKIT_DRIVER=$$(.ci/webkit.sh) && export WEBKIT_DRIVER && \
	  { [ -z "$$WEBKIT_DRIVER" ] || .ci/with-server.sh node $(NPM)/test.mjs webkit $(TESTS); }

.PHONY: test-apps
test-apps: build-server ## Build the apps of demo/apps with the package as npm would publish it, and run them: bundlers, Next.js, Node, Deno.
	node demo/apps/install.mjs
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && .ci/with-server.sh node $(NPM)/test.mjs apps $(TESTS)

.PHONY: test-apps-all
test-apps-all: test-apps ## The same, and the tools and runtimes that take longer; check that the tables of docs/install.md say how all ended.
	node demo/apps/install.mjs more
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && .ci/with-server.sh node $(NPM)/test.mjs apps-more $(TESTS)
	$(if $(TESTS),,node demo/apps/tables.mjs --check)

.PHONY: conformance
conformance: build-package $(CONFORMANCE) ## Run the conformance suite: CLIENT=node|connect|chromium|firefox|go, CASE=pattern, which is traced.
	@$(if $(filter-out chromium,$(CLIENT)),,CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM &&) \
	  $(if $(filter-out firefox,$(CLIENT)),,FIREFOX=$$(.ci/firefox.sh) && export FIREFOX &&) \
	  node conformance/run.mjs $(CLIENT) $(if $(CASE),'$(CASE)')

.PHONY: build-interop
build-interop: prerequisites ## Build the other servers for tests, connect-go and grpc-go's own test server, into bin.
	cd interop && go build -trimpath -o ../bin/ ./cmd/connect-server ./cmd/grpc-server

WITH_PROXIES = NGINX_PROGRAM=$$(.ci/proxy.sh nginx) && HAPROXY_PROGRAM=$$(.ci/proxy.sh haproxy) && CHROMIUM=$$(.ci/chromium.sh) && \
  export NGINX_PROGRAM HAPROXY_PROGRAM CHROMIUM && .ci/with-server.sh

.PHONY: test-interop
test-interop: build-server build-interop ## Run the tests against connect-go, and through nginx and HAProxy while servers are killed.
	cd interop && go test ./...
	$(WITH_PROXIES) node $(NPM)/test.mjs interop $(TESTS)

.PHONY: generate-check
generate-check: prerequisites ## Fail if the committed generated code differs from what is generated now.
	go run ./internal/abi/generate --check
	sh server/proto/generate.sh --check

.PHONY: size-check
size-check: build-package ## Fail if the wasm or the JavaScript of a page is over its budget.
	@node $(NPM)/size.mjs --check

.PHONY: size-go-check
size-go-check: prerequisites ## Fail if the table of docs/go.md, of what Go programs weigh, is not true any more.
	@node interop/weigh.mjs --check

##@ Occasionally

.PHONY: generate
generate: prerequisites ## Generate Go and TypeScript from the protos and from the table of the ABI (internal/abi/table).
	go run ./internal/abi/generate
	sh server/proto/generate.sh

.PHONY: size
size: build-package ## Measure what a page downloads (raw, gzip, brotli), and write it into the READMEs.
	@node $(NPM)/size.mjs --write

.PHONY: size-go
size-go: prerequisites ## Measure what Go programs weigh, and write it into docs/go.md. It takes some minutes.
	@node interop/weigh.mjs --write

.PHONY: report
report: $(NODE_MODULES) ## List the long files and functions of the package and the demo page. It fails for none of them.
	@node .ci/report.mjs

.PHONY: screenshots
screenshots: build-server ## Take screenshots of the demo page and its stories, into build/screenshots, and measure its frame rate.
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && .ci/with-server.sh node demo/tools/screenshots.mjs build/screenshots && \
	  .ci/with-server.sh node demo/tools/smoothness.mjs

.PHONY: bench
bench: build-package ## Run the benchmarks: of the Go packages, of the npm package in Node, and in Chromium beside other clients.
	go test -run '^$$' -bench . -benchmem $(WASM_PACKAGES)
	node $(NPM)/bench/overhead.mjs
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && node $(NPM)/bench/chromium.mjs

.PHONY: bench-go
bench-go: $(NODE_MODULES) ## Measure in Chromium what a call from Go costs beside connect-go, and write it into docs/go.md.
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && node $(NPM)/bench/go.mjs --write

.PHONY: differential
differential: build-package ## Tell both compilers' builds the same random events, and compare their answers: EVENTS=10000000, SEED=1.
	@node $(NPM)/differential.mjs --events $(EVENTS) --seed $(SEED)

.PHONY: fuzz
fuzz: prerequisites ## Fuzz all that parses, one target after the other on one core: FUZZTIME=10s or 100000x each, ONLY=word selects targets.
	@node .ci/fuzz.mjs --time $(FUZZTIME) --only '$(ONLY)'

.PHONY: chaos
chaos: build-server build-interop ## Call through nginx and HAProxy while servers and connections fail in turn, and check that calls do not: CALLS=100000.
	@$(WITH_PROXIES) env CHAOS_CALLS=$(or $(CALLS),100000) node $(NPM)/test.mjs interop interop/chaos.test

.PHONY: hedge-sim
hedge-sim: ## Simulate hedging with a learned delay, in virtual time, and check what it promises: SEED=1.
	@go run ./internal/hedgesim/run -seed $(SEED)

.PHONY: fleet-sim
fleet-sim: ## Simulate 100,000 pages whose server goes away, check what a retryBudget promises, and draw docs/images/fleet.svg: SEED=1.
	@go run ./internal/fleetsim/run -seed $(SEED) -svg docs/images/fleet.svg

.PHONY: endpoints-sim
endpoints-sim: ## Simulate a channel with three endpoints, of which one dies and one slows down, in virtual time, and check what is promised: SEED=1.
	@go run ./internal/endpointsim/run -seed $(SEED)

.PHONY: memory
memory: build-package ## Print the WebAssembly's memory over very many calls, which must stay flat: CALLS=1000000.
	@node $(NPM)/memory.mjs --calls $(or $(CALLS),1000000)

.PHONY: soak
soak: build-server ## Make very many calls that end in all the ways there are, in Node and Chromium, with both builds and from Go; nothing may be left behind: CALLS=1000000.
	CHROMIUM=$$(.ci/chromium.sh) && export CHROMIUM && .ci/with-server.sh node $(NPM)/soak.mjs --calls $(or $(CALLS),1000000)

.PHONY: measure-black-holes
measure-black-holes: build-package ## Measure perAttemptRecvTimeout: a backend of three that never answers, 10,000 calls: SEED=1.
	@node $(NPM)/bench/black-holes.mjs --seed $(SEED)

.PHONY: measure-credentials
measure-credentials: build-package ## Measure credentialsRefresh: 1,000 calls at once whose token has expired: SEED=1.
	@node $(NPM)/bench/credentials.mjs --seed $(SEED)

.PHONY: measure-endpoints
measure-endpoints: build-package ## Measure a list of base URLs: of three servers one dies and one slows down, beside round robin and one server: SEED=1.
	@node $(NPM)/bench/endpoints.mjs --seed $(SEED)

.PHONY: mutate
mutate: $(GREMLINS) ## Change the core's operators one by one, and list the changes that no test notices: PKG=./internal/wire, WORKERS=2.
	@node .ci/mutate/run.mjs --workers $(WORKERS) $(PKG)

.PHONY: audit
audit: $(NODE_MODULES) ## Look for known vulnerabilities of the dependencies, in the public databases.
	@.ci/audit.sh

.PHONY: reproducible
reproducible: $(NODE_MODULES) ## Build the npm package twice, in two clean folders, and fail unless both give the same bytes.
	@node .ci/reproducible.mjs

.PHONY: measure-streams
measure-streams: build-package ## Measure resumableStreaming: a million messages over 400 breaks, and 10,000 clients of a server that restarts: SEED=1.
	@node $(NPM)/bench/streams.mjs --seed $(SEED)

.PHONY: coverage
coverage: prerequisites ## Measure what the native Go tests cover, and write coverage/go.html.
	@mkdir -p coverage
	go test -coverprofile=coverage/go.out -coverpkg=./grpcweb/...,./internal/...,./retry,./hedge ./...
	go tool cover -html=coverage/go.out -o coverage/go.html
	@go tool cover -func=coverage/go.out | tail -1

##@ Parts of setup

.PHONY: setup
setup: $(NODE_MODULES) $(GO_TOOLS) $(CONFORMANCE) $(GREMLINS) tinygo ## Install now what the other commands would install when they need it, browsers and proxies too.
	go mod download
	cd interop && go mod download
	.ci/chromium.sh
	.ci/firefox.sh
	.ci/webkit.sh
	.ci/proxy.sh nginx
	.ci/proxy.sh haproxy

.PHONY: tinygo
tinygo: prerequisites ## Build TinyGo if it is missing. If it cannot be built, Go's compiler is used instead, except in CI.
	@.ci/tinygo.sh --build >/dev/null || [ "$$CI" != true ]

.PHONY: prerequisites
prerequisites: ## Check that Go and Node are installed and new enough.
	@.ci/prerequisites.sh

# Install scripts are not run, because no dependency needs its script. npm writes the target last, so it shows that the installation is
# complete.
$(NODE_MODULES): $(NPM)/package.json $(NPM)/package-lock.json | prerequisites
	cd $(NPM) && npm ci --loglevel=error --ignore-scripts
	@touch $@

# The tools have a module of their own, so that users of the library do not inherit what the tools need.
$(GO_TOOLS): tools/go.mod tools/go.sum | prerequisites
	cd tools && go build -o ../bin/tools/ mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck
	@touch $(GO_TOOLS)

$(CONFORMANCE): tools/go.mod tools/go.sum | prerequisites
	cd tools && go build -o ../bin/tools/ connectrpc.com/conformance/cmd/connectconformance
	@touch $@

$(GREMLINS): tools/go.mod tools/go.sum | prerequisites
	cd tools && go build -o ../bin/tools/ github.com/go-gremlins/gremlins/cmd/gremlins
	@touch $@
