#!/usr/bin/env bash
# Builds the TinyGo that go.mod pins into a folder, which must not exist yet:
#   tools/tinygo/build.sh FOLDER
# The compiler is bin/tinygo in that folder; its library and its targets are beside bin, where it looks for them. The build needs Go and
# LLVM 19. As root on Debian, it installs LLVM with apt-get. It takes a minute or two, and all its output goes to standard error.
set -euo pipefail
exec >&2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=$1

packages=(llvm-19-dev clang-19 lld-19 libclang-19-dev libclang-rt-19-dev-wasm32)

# What is needed: the compiler for cgo, the linker, the headers, and the library of functions for which wasm32 has no instructions.
have_llvm() {
  find_builtins >/dev/null && command -v clang-19 wasm-ld-19 >/dev/null && [[ -e /usr/include/llvm-c-19/llvm-c/Core.h && -e /usr/lib/llvm-19/include/clang-c/Index.h ]]
}
find_builtins() {
  local resources file
  resources=$(clang-19 -print-resource-dir 2>/dev/null) || return 1
  for file in "$resources"/lib/*/libclang_rt.builtins-wasm32.a "$resources"/lib/wasm32*/libclang_rt.builtins.a; do
    [[ -e "$file" ]] && echo "$file" && return
  done
  return 1
}

if ! have_llvm; then
  if [[ "$(id -u)" != 0 || ! -e /etc/debian_version ]]; then
    cat <<END
TinyGo is missing, and building it needs LLVM 19.
  Debian and Ubuntu: sudo apt-get install --no-install-recommends ${packages[*]}
  macOS: brew install tinygo (version 0.39; no need to build it)
  others: TinyGo 0.39 from https://tinygo.org/getting-started/install/, on the PATH or named by TINYGO=/path/to/tinygo
END
    exit 1
  fi
  echo "installing LLVM 19 with apt-get, for TinyGo"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends "${packages[@]}"; } </dev/null
  have_llvm || { echo "apt-get did not install all of LLVM 19: ${packages[*]}"; exit 1; }
fi

GOTOOLCHAIN=$(sed -n 's/^toolchain //p' "$here/go.mod")
export GOTOOLCHAIN GOWORK=off CGO_ENABLED=1 CC=clang-19 CXX=clang++-19
unset GOOS GOARCH GOFLAGS
cd "$here"
version=$(go list -m -f '{{.Version}}' github.com/tinygo-org/tinygo)
echo "building TinyGo $version, which takes a minute or two"
go mod download github.com/tinygo-org/tinygo
module=$(go list -m -f '{{.Dir}}' github.com/tinygo-org/tinygo)

# The folder gets its name only when it is complete, so that an interrupted build leaves none. Two builds at the same time both succeed.
mkdir -p "$(dirname "$output")"
next=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$next"' EXIT
go build -trimpath -buildvcs=false -tags llvm19 -o "$next/bin/tinygo" github.com/tinygo-org/tinygo
# TinyGo's repository has git submodules, which the module lacks. The compiler needs only one of them, net, and only as a folder.
mkdir -p "$next/src" "$next/lib"
cp -R "$module/src/." "$next/src"
cp -R "$module/targets" "$next/targets"
chmod -R u+w "$next"
mkdir -p "$next/src/net"
cp "$module/LICENSE" "$module/go.mod" "$next/" # With its own go.mod, the folder is not part of the module around it.
cp "$(find_builtins)" "$next/lib/libclang_rt.builtins-wasm32.a"
"$next/bin/tinygo" version
chmod 755 "$next"
node -e "try { fs.renameSync(...process.argv.slice(1)) } catch (error) { if (!fs.existsSync(process.argv[2])) throw error }" "$next" "$output"
[[ -x "$output/bin/tinygo" ]]
