#!/usr/bin/env bash
# Runs a command while bin/server listens on free ports, and always stops the server afterwards.
#   .ci/with-server.sh COMMAND…
# The command finds the server in its environment: HEDGEROW_SERVER (http://127.0.0.1:…), HEDGEROW_SERVER_TLS (https://…, HTTP/2)
# and HEDGEROW_SERVER_SPKI (the SHA-256 of the certificate's public key, which Chromium can be told to trust).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

temp=$(mktemp -d)
# With -m the server and the command each get a process group, so that each can be stopped with everything that it started.
set -m
server=
command=
end() {
  [[ -n "$1" ]] || return 0
  kill -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
stop() {
  local status=$?
  trap - EXIT INT TERM
  end "$command"
  end "$server"
  ((status == 0)) || [[ ! -s "$temp/log" ]] || { echo "--- the last lines that the server printed:"; tail -n 20 "$temp/log"; } >&2
  rm -rf "$temp"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A page that is opened from the disk, as a test of hedgerow/inline does, has the origin null.
"$root/bin/server" -addr 127.0.0.1:0 -tls-addr 127.0.0.1:0 -allow-origin null -addresses "$temp/addresses.json" >"$temp/log" 2>&1 &
server=$!

# The server writes its addresses when it listens. That takes a moment, because it makes a certificate first.
address() {
  node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))[process.argv[2]] ?? ""' "$temp/addresses.json" "$1" 2>/dev/null
}
for ((tries = 0; tries < 300; tries++)); do
  kill -0 "$server" 2>/dev/null || { echo "bin/server ended before it listened" >&2; exit 1; }
  [[ -s "$temp/addresses.json" ]] && HEDGEROW_SERVER=$(address http) && [[ -n "$HEDGEROW_SERVER" ]] && break
  sleep 0.1
done
[[ -n "${HEDGEROW_SERVER:-}" ]] || { echo "bin/server did not listen within 30 seconds" >&2; exit 1; }
HEDGEROW_SERVER_TLS=$(address https)
HEDGEROW_SERVER_SPKI=$(address certificate_spki_sha256)
export HEDGEROW_SERVER HEDGEROW_SERVER_TLS HEDGEROW_SERVER_SPKI

# The command runs in the background, because bash handles signals only between commands and in wait.
"$@" &
command=$!
wait "$command"
