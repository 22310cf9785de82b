#!/usr/bin/env bash
# Prints the path of a TinyGo that can compile the package's WebAssembly: $TINYGO if it is set, else the one on the PATH if it has the
# version that is tested, else the one that was built from tools/tinygo. If there is none, it fails and says so; with --build it builds
# one. All other output goes to standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The tests run with one version of TinyGo. Others may read other versions of Go, and have another runtime.
pinned=$(sed -n 's/^.*github.com\/tinygo-org\/tinygo v\([0-9.]*\).*$/\1/p' "$root/tools/tinygo/go.mod" | head -n 1)
known=${pinned%.*}

version_of() {
  "$1" version 2>/dev/null | sed -n 's/^tinygo version \([0-9.]*\).*$/\1/p'
}

if [[ -n "${TINYGO:-}" ]]; then
  version=$(version_of "$TINYGO")
  [[ -n "$version" ]] || { echo "TINYGO=$TINYGO is not a TinyGo that runs here" >&2; exit 1; }
  [[ "$version" == "$known".* ]] || echo "TINYGO=$TINYGO is version $version, but Hedgerow is tested with $known" >&2
  command -v "$TINYGO"
  exit
fi

if found=$(command -v tinygo); then
  version=$(version_of "$found")
  [[ "$version" == "$known".* ]] && echo "$found" && exit
  echo "$found is not used: it is version ${version:-unknown}, but Hedgerow is tested with $known" >&2
fi

built=$root/bin/tools/tinygo-$pinned
if [[ -z "$(version_of "$built/bin/tinygo")" ]]; then
  [[ "${1:-}" == --build ]] || { echo "TinyGo $known is missing: .ci/tinygo.sh --build builds it, or says what is needed to build it" >&2; exit 1; }
  rm -rf "$built" # One that is there does not run, because LLVM was removed or replaced.
  "$root/tools/tinygo/build.sh" "$built"
fi
echo "$built/bin/tinygo"
