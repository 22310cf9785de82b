#!/bin/sh
# Builds the page into a folder: sh build.sh [FOLDER], by default dist.
set -eu
out=${1:-dist}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")"
GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w" -o "$out/app.wasm" .
go tool slim "$out/app.wasm"
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" index.html boot.js style.css "$out/"
