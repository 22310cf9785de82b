#!/bin/sh
# Generates the code that grpc-web's own generators make for the services, into wasm/npm/test/gen/grpc-web, for the tests of
# hedgerow/grpc-web.
#   sh server/proto/generate-grpc-web.sh
# This is not part of generate.sh, because the generators are C++ programs, which their npm packages download from GitHub. Run it by hand
# when a proto has changed. It needs protoc (3.21.12 was used), protoc-gen-js (3.21.4) and protoc-gen-grpc-web (2.0.2) on the PATH.
set -eu
cd "$(dirname "$0")/../.."
out=wasm/npm/test/gen/grpc-web
protos="chaos/v1/chaos.proto helloworld/helloworld.proto"
rm -rf "$out"
mkdir -p "$out"
protoc -I server/proto --js_out=import_style=commonjs,binary:"$out" $protos
# The stubs come in two styles: JavaScript with declarations, and TypeScript.
for style in commonjs+dts typescript; do
  protoc -I server/proto --grpc-web_out=import_style=$style,mode=grpcweb:"$out" $protos
done
# The generated code is CommonJS, but the package around it is made of modules.
echo '{ "type": "commonjs" }' >"$out/package.json"
