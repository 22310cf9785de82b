#!/usr/bin/env bash
# Runs a Go program compiled to js/wasm under Node; `go test -exec` calls it for each package. Go's loader refuses more than 8 KiB of
# arguments and environment together, so the program is given only the variables that it may need.
set -euo pipefail
loader=$(go env GOROOT)/lib/wasm/go_js_wasm_exec

keep=()
for name in PATH HOME TMPDIR "${!HEDGEROW_@}" "${!NODE_@}"; do
  [[ -z "${!name:-}" ]] || keep+=("$name=${!name}")
done
exec env -i "${keep[@]}" "$loader" "$@"
