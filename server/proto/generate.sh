#!/bin/sh
# Generates the Go and TypeScript code of the protos in this folder, and of those in conformance/proto, also for demo/apps/go.
#   sh server/proto/generate.sh           writes **/*.pb.go and **/*.hedgerow.go beside the protos, and wasm/npm/test/gen/**
#   sh server/proto/generate.sh --check   writes nothing; if the committed code differs from what is generated, shows a diff and fails
# It needs Go and npm. The Go plugins are pinned in tools/go.mod. buf and the plugins from npm are pinned here, not as devDependencies,
# because buf's packages for other platforms can break `npm ci`.
set -eu
buf=1.75.0
es=2.17.0
protobuf_ts=2.11.1

cd "$(dirname "$0")/../.."
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
mkdir "$temp/bin" "$temp/out"

go build -modfile=tools/go.mod -o "$temp/bin/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
go build -o "$temp/bin/" ./grpcweb/protocall/protoc-gen-go-hedgerow
PATH="$temp/bin:$PATH" npx --yes -p "@bufbuild/buf@$buf" -p "@bufbuild/protoc-gen-es@$es" -p "@protobuf-ts/plugin@$protobuf_ts" -- \
  sh -c 'for protos in server/proto conformance/proto; do
    buf generate "$protos" --template "$protos/buf.gen.yaml" --output "$0" || exit
  done
  cd demo/apps/go && buf generate --output "$0/demo/apps/go"' "$temp/out"
# The app is there to be copied, so all of its code has the format of the code here.
go run -modfile=tools/go.mod mvdan.cc/gofumpt -w "$temp/out/demo/apps/go/gen/chaos/v1/chaos.pb.go" "$temp/out/demo/apps/go/gen/helloworld/helloworld.pb.go"
# protobuf-ts imports files without their extension, which Node's modules need.
find "$temp/out/wasm/npm/test/gen/protobuf-ts" -name '*.ts' | while read -r file; do
  sed 's#\( from "\.[^"]*\)";$#\1.js";#' "$file" >"$temp/file" && mv "$temp/file" "$file"
done

# A file that is left over from a proto that was removed is a difference too. What generate-grpc-web.sh writes is not looked at.
listed() { (cd "$1" && find server/proto conformance/proto demo/apps/go/gen wasm/npm/test/gen -name '*.pb.go' -o -name '*.hedgerow.go' -o -path 'wasm/*.ts' ! -path '*/gen/grpc-web/*' | sort) 2>/dev/null || true; }

if [ "${1:-}" = --check ]; then
  listed . >"$temp/committed"
  listed "$temp/out" >"$temp/generated"
  diff -u "$temp/committed" "$temp/generated" || { echo "generated files are missing or left over: run make generate" >&2; exit 1; }
  while read -r file; do
    diff -u "$file" "$temp/out/$file" || { echo "$file is not what its proto generates: run make generate" >&2; exit 1; }
  done <"$temp/generated"
  exit 0
fi

listed . | while read -r file; do rm -f "$file"; done
cp -R "$temp/out/." .
