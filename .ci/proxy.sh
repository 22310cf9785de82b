#!/usr/bin/env bash
# Prints the path of a proxy for make test-interop, "nginx" or "haproxy": $NGINX_PROGRAM or $HAPROXY_PROGRAM if it is set, else one on the
# PATH or in an sbin folder; else, as root on Debian, it installs one with apt-get. All other output goes to standard error.
set -euo pipefail
name=$1
variable=$(tr a-z A-Z <<<"$name")_PROGRAM # The variable is not called NGINX, because nginx itself reads that.

if [[ -n "${!variable:-}" ]]; then
  [[ -x "${!variable}" ]] || { echo "$variable=${!variable} is not an executable file" >&2; exit 1; }
  echo "${!variable}"
  exit
fi

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # Debian installs proxies there, which is not on a user's PATH.
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
  command -v "$name" || { echo "apt-get has installed the package $name, but $name is not on the PATH" >&2; exit 1; }
fi
