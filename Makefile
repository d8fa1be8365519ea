# Everything here needs Go; what needs more says so and is left out where it is missing. CI leaves out one thing only, and
# says so: the search for known vulnerabilities, where their database cannot be reached.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
TARGETS     := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: help build test race levels lint vuln cross fuzz generate bench benchmarks web serve model clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

build: ## the command line program, as bin/goclip
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/goclip ./native/goclip

test: ## all tests that this machine can run
	$(GO) test ./...
	cd kernels/simd/_asm && $(GO) test ./...
	@if command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || a == 20 && b >= 19 ? 0 : 1)'; then $(MAKE) --no-print-directory web-test; \
	elif [ -n "$$GOCLIP_REQUIRE" ]; then echo "the web tests need Node.js 20.19 and npm" >&2; exit 1; \
	else echo "skipped: the web tests, for want of Node.js 20.19 and npm"; fi

race: ## core and kernels under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short -timeout 20m ./core/... ./kernels/...

levels: ## the CPU device without assembly, and on arm64 in an emulator (needs qemu-aarch64-static)
	GOCLIP_REQUIRE= $(GO) test -short -tags purego ./kernels/simd ./core/preprocess/...
	CGO_ENABLED=0 GOARCH=arm64 GOCLIP_REQUIRE=neon $(GO) test -exec qemu-aarch64-static ./kernels/simd

lint: ## formatting, vet and staticcheck, natively and for the browser
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	cd kernels/simd/_asm && $(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./core/... ./kernels/... ./shaders/... ./wasm/...
	$(GO) run $(STATICCHECK) ./...
	@dir=$$(mktemp -d) && GOBIN=$$dir $(GO) install $(STATICCHECK) && GOOS=js GOARCH=wasm $$dir/staticcheck ./wasm/... ./kernels/webgpu/... ./kernels/wasmsimd/...; \
	code=$$?; rm -rf $$dir; exit $$code

vuln: ## known vulnerabilities of what goclip uses (needs the vulnerability database)
	@out=$$($(GO) run $(GOVULNCHECK) ./... 2>&1); code=$$?; echo "$$out"; \
	if [ $$code -ne 0 ] && echo "$$out" | grep -q 'fetching vulnerabilities'; then \
		echo "skipped: govulncheck, whose database cannot be reached from here"; else exit $$code; fi

cross: ## build for every platform
	@for t in $(TARGETS); do echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./native/goclip || exit 1; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./... || exit 1; done
	@echo "build js/wasm"; GOOS=js GOARCH=wasm $(GO) build -o /dev/null ./wasm

FUZZTIME ?= 60s
fuzz: ## every fuzz target for FUZZTIME (60s)
	@for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; done; done

generate: ## make generated files again
	$(GO) generate ./...

bench: build ## ViT-B/32 on this machine, on one thread and on all, beside the stored rows
	@for threads in 1 0; do for precision in f32 int8; do \
		bin/goclip bench --arch ViT-B/32 --batch 1,8 --device cpu --threads $$threads --precision $$precision --json || exit 1; \
	done; done | $(GO) run ./bench/compare bench/rows.jsonl

benchmarks: ## benchmarks of kernels, preprocessing and tokenizer
	$(GO) test -run '^$$' -bench . -benchmem ./...

web: ## the npm package, in web/dist, and the demo, in web/site
	web/build.sh

.PHONY: web-test
web-test: web
	cd web && npm run lint && npm run types && npm test
	GOOS=js GOARCH=wasm $(GO) test -exec "$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec" ./wasm ./kernels/wasmsimd
	GOOS=js GOARCH=wasm $(GO) test -run 'TestResize|TestRows|TestQueue' -exec "$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec" ./core/preprocess ./core/preprocess/jpeg
	GOOS=js GOARCH=wasm $(GO) test -exec "node $(CURDIR)/web/test/gotest.js" ./kernels/webgpu ./kernels/wasmsimd
	GOOS=js GOARCH=wasm $(GO) test -timeout 30m -run WebGPU -exec "node $(CURDIR)/web/test/gotest.js" ./internal/conformance

serve: web ## the demo page on http://127.0.0.1:8080
	cd web && npm run serve

TRAINED ?= /tmp/goclip-tiny
model: ## train the embedded model again, into TRAINED: two hours on two cores (needs Python 3.11 and npm)
	cd core/embedded/training && npm install --ignore-scripts --no-save && python3 -m pip install -r requirements.txt
	mkdir -p $(TRAINED)
	cd core/embedded/training && python3 data.py node_modules $(TRAINED)/data.npz && \
		python3 train.py $(TRAINED)/data.npz $(TRAINED)/trained --steps 12377 --minutes 105 && \
		python3 package.py node_modules $(TRAINED)/trained $(TRAINED)/packaged && \
		python3 evaluate.py $(TRAINED)/data.npz $(TRAINED)/packaged/model $(TRAINED)/eval.json

clean: ## remove what was built
	rm -rf bin web/dist web/site web/node_modules
