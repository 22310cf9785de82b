#!/bin/sh
# Generates what grpc-web's own generators make of the services, for the tests of hedgerow/grpc-web: in wasm/npm/test/gen/grpc-web.
#   sh server/proto/generate-grpc-web.sh
# Apart from generate.sh, and run by hand when the proto changes: the generators are C++ programs, which their npm packages fetch from
# GitHub. It needs on the path protoc (3.21.12 was used), protoc-gen-js (3.21.4) and protoc-gen-grpc-web (2.0.2).
set -eu
cd "$(dirname "$0")/../.."
out=wasm/npm/test/gen/grpc-web
protos="chaos/v1/chaos.proto helloworld/helloworld.proto"
rm -rf "$out"
mkdir -p "$out"
protoc -I server/proto --js_out=import_style=commonjs,binary:"$out" $protos
# Both styles of stub: JavaScript with declarations, and TypeScript.
for style in commonjs+dts typescript; do
  protoc -I server/proto --grpc-web_out=import_style=$style,mode=grpcweb:"$out" $protos
done
# What they write is CommonJS, in a package of modules.
echo '{ "type": "commonjs" }' >"$out/package.json"
