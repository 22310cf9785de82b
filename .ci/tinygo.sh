#!/usr/bin/env bash
# Prints the path of a TinyGo that can compile the package's WebAssembly: $TINYGO if set, else the one on PATH if its version is known here,
# else the one that tools/tinygo was built into. Where there is none it fails with a sentence, or, with --build, builds tools/tinygo first.
# Whatever else is said goes to standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Known is what the tests have run with. Each version of TinyGo reads certain versions of Go, and lays out the runtime in its own way.
pinned=$(sed -n 's/^.*github.com\/tinygo-org\/tinygo v\([0-9.]*\).*$/\1/p' "$root/tools/tinygo/go.mod" | head -n 1)
known=${pinned%.*}

version_of() {
  "$1" version 2>/dev/null | sed -n 's/^tinygo version \([0-9.]*\).*$/\1/p'
}

if [[ -n "${TINYGO:-}" ]]; then
  version=$(version_of "$TINYGO")
  [[ -n "$version" ]] || { echo "TINYGO=$TINYGO is not a TinyGo that runs" >&2; exit 1; }
  [[ "$version" == "$known".* ]] || echo "TINYGO=$TINYGO is version $version; the tests know $known" >&2
  command -v "$TINYGO"
  exit
fi

if found=$(command -v tinygo); then
  version=$(version_of "$found")
  [[ "$version" == "$known".* ]] && echo "$found" && exit
  echo "$found is version ${version:-unknown}; the tests know $known, so it is not used" >&2
fi

built=$root/bin/tools/tinygo-$pinned
if [[ -z "$(version_of "$built/bin/tinygo")" ]]; then
  [[ "${1:-}" == --build ]] || { echo "there is no TinyGo $known: .ci/tinygo.sh --build builds it, or says what that needs" >&2; exit 1; }
  rm -rf "$built" # what does not run, for LLVM is gone or another
  "$root/tools/tinygo/build.sh" "$built"
fi
echo "$built/bin/tinygo"
