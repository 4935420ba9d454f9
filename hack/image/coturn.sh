#!/usr/bin/env bash
# What the image for engine Coturn holds besides: coturn.sh DIR [BASE] puts turnserver and the shared libraries that it needs,
# as far as BASE has none of the name, into DIR, from this machine. The system's loader finds them below /usr/lib.
set -euo pipefail
root=$1 base=${2:-/nowhere}
program=$(command -v turnserver) || {
  echo 'turnserver is missing. On Debian: apt-get install coturn' >&2
  exit 69
}
install -D -m 755 "$program" "$root/usr/bin/turnserver"
ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
  while read -r library; do
    [ ! -e "$base$library" ] || continue
    install -D -m 755 "$library" "$root$(realpath "$(dirname "$library")")/$(basename "$library")"
  done
