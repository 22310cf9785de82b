#!/usr/bin/env bash
# Prints the path of a Firefox for the browser tests: $FIREFOX if it is set, else one on the PATH; else, as root on Debian, it installs
# one with apt-get. All other output goes to standard error. Where there is none, it prints nothing but the reason: the tests in Firefox
# are left out then. If CI is true, that is a failure instead.
set -euo pipefail

if [[ -n "${FIREFOX:-}" ]]; then
  [[ -x "$FIREFOX" ]] || { echo "FIREFOX=$FIREFOX is not an executable file" >&2; exit 1; }
  echo "$FIREFOX"
  exit
fi

find_on_path() {
  local name
  for name in firefox-esr firefox; do
    command -v "$name" && return
  done
  name=/Applications/Firefox.app/Contents/MacOS/firefox
  [[ -x "$name" ]] && echo "$name"
}

find_on_path && exit
if [[ "$(id -u)" == 0 && -e /etc/debian_version ]]; then
  echo "installing Firefox with apt-get" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends firefox-esr; } </dev/null >&2 || true
  find_on_path && exit
fi
echo "NOT TESTED in Firefox, because it is not installed (Debian: sudo apt-get install firefox-esr; macOS: brew install --cask firefox)." >&2
echo "Another place can be named: FIREFOX=/path/to/firefox make test-browser" >&2
[[ "${CI:-}" != true ]]
