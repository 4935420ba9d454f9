#!/usr/bin/env bash
# Runs a command on a machine of the test cluster: with.sh client|hub|nodeN COMMAND…
#   client, hub  in that network; files and processes are those of this machine. For kubectl and tests.
#   nodeN        in all of the node's namespaces (ctr, nft, ip, …).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
[ $# -ge 2 ] || die "usage: with.sh client|hub|nodeN COMMAND…"
name=$1
shift
export KUBECONFIG=$KUBE_STATE/conf/admin.kubeconfig
case $name in
  client | hub) exec nsenter --net="/run/netns/$KUBE_NAME-$name" "$@" ;;
  *) exec nsenter --target "$(init_of "$name")" --mount --uts --ipc --net --pid "$@" ;;
esac
