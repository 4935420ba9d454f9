#!/usr/bin/env bash
# Makes the image without a Docker daemon, network or root: build.sh [--coturn] [NAME]
#   NAME      localhost/chatmail-operator:dev, or dev-coturn
#   --coturn  the one for engine Coturn, with this machine's turnserver
# It lies in the cache of the test cluster, whose nodes take it when they start, or at once if they run. Nothing is done
# when nothing has changed. For a release see release.sh.
set -euo pipefail
umask 022 # the image's user is not the one who builds it
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cluster/common.sh"
flavour=''
if [ "${1:-}" = --coturn ]; then
  flavour=-coturn
  shift
fi
name=${1:-localhost/chatmail-operator:dev$flavour}
node_run() { sh "$here/../node" "$@"; }
work=$KUBE_CACHE/image
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

node=$(node_run -p process.execPath)
base=$(cat "$here/base.sh" <(stat -c '%n %s %Y' "$node") | sha256sum)
if [ "$(cat "$work/base.stamp" 2>/dev/null)" != "$base" ]; then
  rm -rf "$work/base"
  "$here/base.sh" "$work/base" "$node"
  echo "$base" >"$work/base.stamp"
fi
layers=("$work/base")
if [ -n "$flavour" ]; then
  rm -rf "$work/coturn"
  "$here/coturn.sh" "$work/coturn" "$work/base"
  layers+=("$work/coturn")
fi
rm -rf "$work/app"
node_run "$here/bundle.ts" "$work/app"
layers+=("$work/app")
config=$(node_run "$here/config.ts")
file=$KUBE_CACHE/images/$(tr '/:' '__' <<<"${name#localhost/}").tar
inputs=$({
  echo "$base $config"
  for layer in "${layers[@]:1}"; do tar --sort=name --mtime=@0 -C "$layer" -c .; done
} | sha256sum)
if [ -e "$file" ] && [ "$(cat "$file.stamp" 2>/dev/null)" = "$inputs" ]; then exit 0; fi
"$here/../cluster/image.sh" "$name" "$config" "${layers[@]}"
echo "$inputs" >"$file.stamp"
