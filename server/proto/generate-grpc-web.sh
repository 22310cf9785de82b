#!/bin/sh
# Generates what grpc-web's own generators make of the Chaos service, for the tests of hedgerow/grpc-web: in wasm/npm/test/gen/grpc-web.
#   sh server/proto/generate-grpc-web.sh
# Apart from generate.sh, and run by hand when the proto changes: the generators are C++ programs, whose npm packages fetch them from
# GitHub. It needs on the path protoc (3.21.12 was used), protoc-gen-js (3.21.4) and protoc-gen-grpc-web (2.0.2).
set -eu
cd "$(dirname "$0")/../.."
out=wasm/npm/test/gen/grpc-web
rm -rf "$out"
mkdir -p "$out"
protoc -I server/proto --js_out=import_style=commonjs,binary:"$out" chaos/v1/chaos.proto
# Both styles of stub: JavaScript with declarations, and TypeScript.
for style in commonjs+dts typescript; do
  protoc -I server/proto --grpc-web_out=import_style=$style,mode=grpcweb:"$out" chaos/v1/chaos.proto
done
# What they write is CommonJS, in a package of modules.
echo '{ "type": "commonjs" }' >"$out/package.json"
