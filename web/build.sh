#!/usr/bin/env bash
# Builds the page into web/dist, ready to be served by any web server: no file there refers to another place.
set -euo pipefail
cd "$(dirname "$0")"

rm -rf dist
mkdir -p dist/models/tiny dist/examples

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
GOOS=js GOARCH=wasm go build -trimpath -ldflags "-s -w -X main.version=$version" -o dist/goclip.wasm ../wasm
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" dist/

cp src/*.js demo/* dist/
model=../core/embedded/model
# The files that wasm/remote.go names, with what has to go with them.
for file in config.json model.safetensors preprocessor_config.json special_tokens_map.json tokenizer.json \
    tokenizer_config.json README.md LICENSE-notes; do
    cp "$model/$file" dist/models/tiny/
done
cp ../core/embedded/examples/*.png ../core/embedded/more/*.png dist/examples/

echo "web/dist: goclip.wasm has $(wc -c <dist/goclip.wasm) bytes, $(gzip -9c dist/goclip.wasm | wc -c) with gzip"
