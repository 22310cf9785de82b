#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests: $CHROMIUM if it is set, else one on the PATH; else, as root on Debian, it
# installs one with apt-get. All other output goes to standard error.
set -euo pipefail

if [[ -n "${CHROMIUM:-}" ]]; then
  [[ -x "$CHROMIUM" ]] || { echo "CHROMIUM=$CHROMIUM is not an executable file" >&2; exit 1; }
  echo "$CHROMIUM"
  exit
fi

find_on_path() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  for name in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    [[ -x "$name" ]] && echo "$name" && return
  done
  return 1
}

if ! find_on_path; then
  if [[ "$(id -u)" != 0 || ! -e /etc/debian_version ]]; then
    echo "The browser tests need Chromium or Chrome. Install it (Debian and Ubuntu: sudo apt-get install chromium; macOS: brew install --cask chromium)" >&2
    echo "or name one: CHROMIUM=/path/to/chrome make test" >&2
    exit 1
  fi
  echo "installing Chromium with apt-get" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends chromium; } </dev/null >&2
  find_on_path || { echo "apt-get has installed the package chromium, but no Chromium is on the PATH" >&2; exit 1; }
fi
