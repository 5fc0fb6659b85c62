#!/usr/bin/env bash
# Installs what the tests need beyond Node and npm, from Debian: two browsers (Chromium in both of its forms), a TURN server, Redis and HAProxy.
# Where it may not (no apt, no root), it says in one line what to install.
set -u

missing=()
command -v "${CHROMIUM_PATH:-chromium}" >/dev/null 2>&1 || missing+=(chromium)
# The same without windows, which most tests run in: it takes half of the processor's time.
command -v "${CHROMIUM_PATH:-chromium-headless-shell}" >/dev/null 2>&1 || missing+=(chromium-headless-shell)
command -v firefox-esr >/dev/null 2>&1 || missing+=(firefox-esr)
command -v turnserver >/dev/null 2>&1 || missing+=(coturn)
command -v redis-server >/dev/null 2>&1 || missing+=(redis-server)
# Debian puts it where only root looks for programs.
PATH="$PATH:${SBIN_PATH:-/usr/sbin}" command -v haproxy >/dev/null 2>&1 || missing+=(haproxy)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need ${missing[*]}: install them with your system's package manager and run npm test again." >&2
  exit 1
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then
    sudo=(sudo -n)
  else
    echo "The tests need ${missing[*]}: run 'sudo apt-get install -y ${missing[*]}' and run npm test again." >&2
    exit 1
  fi
fi

echo "Installing what the tests need from Debian: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Debian starts a freshly installed coturn, Redis or HAProxy as a service where there is an init system; the tests start their own.
if ! { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "The tests need ${missing[*]}: 'apt-get install -y ${missing[*]}' failed, see above." >&2
  exit 1
fi
