#!/usr/bin/env bash
# Starts a Kubernetes cluster on this machine, as root: up.sh [NODES]   (default 1; 0: the control plane only)
#
# Each "machine" is a set of namespaces (network, mount, PID, UTS, IPC):
#   hub     a bridge (the LAN) and the control plane: etcd, kube-apiserver, controller manager, scheduler
#   nodeN   containerd, kubelet, kube-proxy; its address is the node's IP, hostNetwork pods live in it
#   client  only a network namespace on the same LAN: where clients and kubectl run (with.sh)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
nodes=${1:-1}
[[ $nodes =~ ^[0-9]$ ]] || die "usage: up.sh [NODES], a number from 0 to 9"
[ "$(id -u)" = 0 ] || die "up.sh needs root"
[ -x "$bin/kube-apiserver" ] || die "no programs in $bin: run build.sh first"
for program in openssl ip nsenter unshare $([ "$nodes" = 0 ] || echo containerd runc nft conntrack); do
  command -v "$program" >/dev/null || die "$program is missing: hack/provision cluster installs it"
done
[ ! -e "$KUBE_STATE" ] || die "$KUBE_STATE exists: run down.sh first"
start=$(now)
mkdir -p "$KUBE_STATE"/{pki,log,conf,volumes,etcd,pid}
chmod 700 "$KUBE_STATE"
echo $$ >"$KUBE_STATE/up"
trap '[ $? = 0 ] || echo "up.sh failed; logs: $KUBE_STATE/log; then down.sh" >&2' EXIT

. "$here/keys.sh"
. "$here/network.sh"

machine() { # machine NAME N: starts machine.sh in namespaces of its own; killing the pid kills all in it
  # In a job of its own and without the caller's streams, so that up.sh can end.
  setsid nsenter --net="/run/netns/$KUBE_NAME-$1" \
    unshare --mount --propagation slave --uts --ipc --pid --fork --kill-child --mount-proc \
    bash "$here/machine.sh" "$1" "$2" <&- >"$KUBE_STATE/log/$1.log" 2>&1 &
  echo $! >"$KUBE_STATE/pid/$1"
}
until_up() { # until_up WHAT MACHINE COMMAND…
  local what=$1 pid
  pid=$(cat "$KUBE_STATE/pid/$2")
  shift 2
  until net client "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || die "$what: its machine ended"
    [ "$(date +%s)" -lt $((${start%.*} + 300)) ] || die "$what: not ready after 300 s"
    sleep 0.2
  done
  echo "$what: ready after $(since "$start")"
}
export KUBE_CACHE KUBE_STATE KUBE_NAME KUBE_LAN KUBE_PODS KUBE_SERVICES
export KUBECONFIG=$KUBE_STATE/conf/admin.kubeconfig
machine hub 0
until_up "control plane" hub kubectl get --raw /readyz
for ((n = 1; n <= nodes; n++)); do machine "node$n" "$n"; done
[ "$nodes" = 0 ] || sed "s/@DNS_IP@/$dns_ip/" "$here/system.yaml" | net client kubectl apply -f - >/dev/null
for ((n = 1; n <= nodes; n++)); do
  until_up "node$n" "node$n" kubectl wait --for=condition=Ready "node/node$n" --timeout=10s
done
[ "$nodes" = 0 ] || until_up "cluster DNS" hub kubectl -n kube-system rollout status deployment/coredns --timeout=10s
echo "use: $here/with.sh client kubectl get nodes"
