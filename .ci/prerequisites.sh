#!/usr/bin/env bash
# Fails, and says what to do, if Go or Node is missing or too old. If go.mod asks for a newer Go, go downloads that by itself.
set -euo pipefail

missing() {
  echo "$1" >&2
  exit 1
}

command -v go >/dev/null || missing "Go is not installed: https://go.dev/doc/install (1.21 or later, which downloads the version that go.mod names)"
command -v node >/dev/null || missing "Node is not installed: https://nodejs.org (20 or later)"
command -v npm >/dev/null || missing "npm is not installed; it comes with Node: https://nodejs.org (20 or later)"
major=$(node -p 'process.versions.node.split(".")[0]')
((major >= 20)) || missing "Node $major is too old: 20 or later is needed"
