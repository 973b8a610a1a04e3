# Needs Go, git and make (3.81, which macOS has, or newer), and for the race
# detector a C compiler, which is installed where apt, dnf or apk can do it.
# Everything else is fetched by the targets that need it; the tools are pinned
# in tools/*/go.mod.

FUZZTIME ?= 20s

# The names of the images: REGISTRY/registry-failover-PROGRAM:TAG.
REGISTRY ?= localhost
TAG ?= $(shell git describe --tags --always --dirty)
PLATFORMS ?= linux/amd64,linux/arm64

# How many nodes make demo-cluster starts.
NODES ?= 1

# How long make soak throws the switch; a run prints the seed that repeats it. And
# how often it plays each fault of an instance, and each automatic failover.
SOAK ?= 10m
SEED ?= 0
TIMES ?= 10

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build images test unit e2e demo demo-cloud demo-cluster fuzz lint vuln bench bench-failover bench-scale bench-cloud bench-pullsecrets bench-readiness soak clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Go refuses to stamp a version when git can't read the checkout, as when root
# builds another user's; such a build goes without the stamp.
build: ## build static binaries into bin/ (1 to 2 minutes the first time)
	CGO_ENABLED=0 go build $$(git status >/dev/null 2>&1 || echo -buildvcs=false) -trimpath -ldflags="-s -w" -o bin/ ./cmd/...

images: ## build the images into dist/images.tar and print their digests (5 minutes the first time, then 1)
	CGO_ENABLED=0 go run -trimpath ./tools/images --registry=$(REGISTRY) --tag=$(TAG) --platforms=$(PLATFORMS) --output dist/images.tar

test: demo demo-cloud ## play the demos, run the unit tests and those on a real cluster (up to 45 minutes the first time, then 8)
	@tools/test

unit: ## run all unit tests and fuzz seeds under the race detector
	@tools/ensure-cc
	@tools/build helm4 >/dev/null
	@tools/build promtool >/dev/null
	@echo "unit tests with -race: up to 6 minutes the first time, as dependencies are compiled for it"
	CGO_ENABLED=1 go test -race $$(go list ./... | grep -v /test/e2e$$)

e2e: ## play failovers on a real Kubernetes on this machine (Linux and root; 30 minutes the first time, then 5)
	@tools/ensure-cc
	@tools/e2e

# With the flags of build, so that nothing is compiled twice.
demo: build ## play a failover with the real programs, no root needed (2 minutes the first time)
	CGO_ENABLED=0 go run -trimpath ./test/demo -bin bin

demo-cloud: build ## play it with PrivateZone read over the cloud's API, played by test/fakecloud (Linux, no root)
	CGO_ENABLED=0 go run -trimpath ./test/demo -bin bin -cloud test/fakecloud/testdata/two-regions.yaml

demo-cluster: ## leave a real Kubernetes running with the chart installed (Linux and root; 25 minutes the first time, then 1)
	CGO_ENABLED=0 go run -trimpath ./test/cluster/demo --nodes $(NODES)

fuzz: ## run each fuzz target for FUZZTIME (20s each)
	@echo "fuzzing: some minutes more the first time, as dependencies are compiled for it"
	@FUZZTIME=$(FUZZTIME) tools/fuzz

lint: ## lint with golangci-lint, built the first time (10 minutes), and vet for macOS
	@linter=$$(tools/build golangci-lint) && echo "golangci-lint: up to 6 minutes the first time" && "$$linter/golangci-lint" run
	@echo "go vet for macOS: up to 4 minutes the first time"
	GOOS=darwin CGO_ENABLED=0 go vet ./...

vuln: ## look for known vulnerabilities in what the programs call (asks vuln.go.dev)
	@scanner=$$(tools/build govulncheck) && "$$scanner/govulncheck" ./...

bench: build ## measure sizes, switching times, memory, DNS beside other servers, what the webhook costs, and 20 failovers (Linux, 15 minutes; with root 15 more)
	@tools/ensure-dns-bench
	@coredns=$$(tools/build coredns) && go run ./test/bench -bin bin -coredns "$$coredns/coredns"
	CGO_ENABLED=0 go run -trimpath ./test/bench/webhook -bin bin
	$(MAKE) bench-failover

bench-failover: ## measure 20 failovers on a real Kubernetes, from the patch to DNS, hosts file and pull (Linux and root; 40 minutes the first time, then 15)
	@tools/ensure-dns-bench
	CGO_ENABLED=0 go test -count=1 -v -timeout 60m ./test/e2e -run '^TestFailover$$/^helm_4$$' -args -switches 20

bench-scale: ## measure what 2,000 nodes' watches and reports cost a real API server (Linux and root; 25 minutes the first time, then 5)
	CGO_ENABLED=0 go run -trimpath ./test/bench/fanout

bench-cloud: build ## measure what the controller calls, and its memory beside 10,000 pods (Linux and root; 35 minutes the first time, then 13)
	CGO_ENABLED=0 go run -trimpath ./test/bench/cloud

bench-pullsecrets: build ## measure the controller's memory and writes beside 5,000 pull secrets (Linux and root; 45 minutes the first time, then 20)
	CGO_ENABLED=0 go run -trimpath ./test/bench/pullsecrets

bench-readiness: build ## measure what looking 10,000 images up costs, in a simulated time and with the controller beside 10,000 pods (Linux and root; 45 minutes the first time, then 30)
	CGO_ENABLED=0 go test -count=1 -v -timeout 60m ./internal/readiness -run '^TestWhatManyImagesCost$$' -args -scale 10000
	CGO_ENABLED=0 go run -trimpath ./test/bench/readiness

soak: ## throw the switch for SOAK while parts of a real cluster die at random, then lose the primary TIMES times in each way (Linux and root; an hour)
	@tools/ensure-cc
	CGO_ENABLED=1 go test -race -count=1 -v -timeout 0 ./test/e2e -run '^TestSoak$$' -args -soak $(SOAK) -seed $(SEED)
	CGO_ENABLED=1 go test -count=1 -v -timeout 0 ./test/e2e -run '^(TestHealth|TestAutomatic)$$' -args -faults $(TIMES) -automatic $(TIMES)

clean: ## remove bin/ and dist/; built tools stay in the user's cache
	rm -rf bin dist
