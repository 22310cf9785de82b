#!/usr/bin/env bash
# Prints the path of a proxy for make test-interop, "nginx" or "haproxy": what $NGINX_PROGRAM or $HAPROXY_PROGRAM names, else what is on PATH or in
# /usr/sbin, else, on Debian as root, what apt-get installs. Whatever else is said goes to standard error.
set -euo pipefail
name=$1
variable=$(tr a-z A-Z <<<"$name")_PROGRAM # nginx itself reads NGINX

if [[ -n "${!variable:-}" ]]; then
  [[ -x "${!variable}" ]] || { echo "$variable=${!variable} is not a program" >&2; exit 1; }
  echo "${!variable}"
  exit
fi

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where Debian has them, and not on a user's PATH
if ! command -v "$name"; then
  if [[ "$(id -u)" != 0 || ! -e /etc/debian_version ]]; then
    echo "make test-interop needs $name. Install it (Debian and Ubuntu: sudo apt-get install $name; macOS: brew install $name)" >&2
    echo "or name one: $variable=/path/to/$name make test-interop" >&2
    exit 1
  fi
  echo "installing $name with apt-get" >&2
  # RUNLEVEL=1 keeps Debian's package from starting a service: the tests start processes of their own.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  { apt-get update -q && apt-get install -q -y --no-install-recommends "$name"; } </dev/null >&2
  command -v "$name" || { echo "apt-get installed no $name" >&2; exit 1; }
fi
