#!/usr/bin/env bash
# Prints the path of WebKitGTK's WebDriver for `make test-webkit`: $WEBKIT_DRIVER if it is set, else the one on the PATH; else, as root on
# Debian, it installs that, and the X server without a screen (Xvfb) that WebKitGTK needs, with apt-get. All other output goes to standard
# error. Where they are missing, it prints nothing but the reason: WebKit is left out then. If CI is true, that is a failure instead.
set -euo pipefail

find_both() {
  command -v Xvfb >/dev/null && { [[ -n "${WEBKIT_DRIVER:-}" && -x "$WEBKIT_DRIVER" ]] && echo "$WEBKIT_DRIVER" || command -v WebKitWebDriver; }
}

find_both && exit
if [[ "$(id -u)" == 0 && -e /etc/debian_version ]]; then
  echo "installing WebKitGTK with apt-get" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends webkit2gtk-driver xvfb; } </dev/null >&2 || true
  find_both && exit
fi
echo "NOT TESTED in WebKit, because it is not installed (Debian: sudo apt-get install --no-install-recommends webkit2gtk-driver xvfb)." >&2
[[ "${CI:-}" != true ]]
