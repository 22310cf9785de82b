#!/usr/bin/env bash
# Looks for known vulnerabilities: govulncheck over the Go modules, npm audit over the npm package. A database that cannot be reached is
# told, and fails nothing but CI's own run (CI=true), because there it must be reachable. Whatever is found fails.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
unreached() { # unreached WHAT OUTPUT
  echo "$1 was not checked, because its database cannot be reached from here:"
  grep -v '^\s*$' <<<"$2" | tail -n 2 | sed 's/^/  /'
  [[ "${CI:-}" != true ]] || failed=1
}

for module in . interop tools; do
  what=(./...)
  [[ $module != tools ]] || what=(-scan module) # It has no packages of its own.
  output=$(cd "$module" && go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 "${what[@]}" 2>&1)
  status=$?
  if [[ $status -eq 0 ]]; then
    echo "govulncheck, module $module: nothing known"
  elif grep -q '^exit status 3$' <<<"$output"; then # This is its status for what it found.
    echo "$output"
    failed=1
  else
    unreached "The Go module $module" "$output"
  fi
done

output=$(npm --prefix wasm/npm audit --audit-level=moderate 2>&1)
if [[ $? -eq 0 ]]; then
  echo "npm audit: nothing known"
elif grep -qE 'ENOTFOUND|ECONNREFUSED|EAI_AGAIN|audit endpoint returned an error|40[0-9]|ETIMEDOUT' <<<"$output"; then
  unreached "The npm package" "$output"
else
  echo "$output"
  failed=1
fi
exit $failed
