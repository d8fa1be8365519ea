#!/usr/bin/env bash
# Builds dist, the folder that the npm package carries, and site, the demo with all that it needs: any web server can serve
# it, and no file there refers to another place. Needs Go, and Node.js for the compiler of TypeScript.
set -euo pipefail
cd "$(dirname "$0")"

[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent
rm -rf dist site
mkdir -p dist/models/tiny site/examples

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)

# Inlining makes the download a sixth larger: only what works on pictures, weights and numbers is worth it.
flags=(-trimpath -ldflags "-s -w -X main.version=$version" -gcflags=all=-l)
for package in github.com/goclip/goclip/{core/preprocess/...,core/checkpoint,kernels/wasmsimd} golang.org/x/image/... image \
    image/color compress/flate encoding/binary bufio math math/bits unicode/utf8; do
    flags+=("-gcflags=$package=")
done
GOOS=js GOARCH=wasm go build "${flags[@]}" -o dist/goclip.wasm ../wasm
go run ../wasm/pack dist/goclip.wasm
gzip -dc ../core/tokenizer/clip_merges.txt.gz >dist/clip_merges.txt
{
    echo "// Go's start of a js/wasm program, under Go's BSD licence (LICENSE-go)."
    cat "$(go env GOROOT)/lib/wasm/wasm_exec.js"
} >dist/wasm_exec.js
cp "$(go env GOROOT)/LICENSE" dist/LICENSE-go
cp ../LICENSE ../NOTICE .
cp ../kernels/wasmsimd/thread.js dist/
npx tsc -p tsconfig.json
rm dist/{messages,node,picture,platform,connection,program,worker,worker_node}.d.ts # nothing that users import names them

model=../core/embedded/model
# The files that wasm/remote.go names, with what has to go with them.
for file in config.json model.safetensors preprocessor_config.json special_tokens_map.json tokenizer.json \
    tokenizer_config.json README.md LICENSE-notes; do
    cp "$model/$file" dist/models/tiny/
done

cp -r dist site/goclip
cp demo/*.html demo/*.css demo/*.svg site/
cp ../core/embedded/examples/*.png ../core/embedded/more/*.png site/examples/
npx tsc -p tsconfig.demo.json
node - <<'END'
const fs = require("node:fs");
const wanted = (file) => /\.(html|css|svg|js|wasm|json|txt|safetensors|png)$/.test(file) && !/^sw\.js$|worker_node|node\.js$/.test(file);
const files = fs.readdirSync("site", { recursive: true }).filter(wanted).sort();
const sum = require("node:crypto").createHash("sha256");
files.forEach((file) => sum.update(fs.readFileSync(`site/${file}`)));
const script = fs.readFileSync("site/sw.js", "utf8").replace(/^export \{\};\n/m, ""); // a classic script works everywhere
fs.writeFileSync("site/sw.js", `const FILES = ${JSON.stringify(files)};\nconst SUM = "${sum.digest("hex").slice(0, 16)}";\n${script}`);
END

echo "web/dist: goclip.wasm has $(wc -c <dist/goclip.wasm) bytes, $(gzip -9c dist/goclip.wasm | wc -c) with gzip"
