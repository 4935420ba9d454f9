#!/usr/bin/env bash
# Ends the cluster and removes everything that up.sh made: processes, mounts, network namespaces, cgroups, state. The
# cache with programs and images stays.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
start=$(now)

# An up.sh that is still at it would go on making machines.
up=$(cat "$KUBE_STATE/up" 2>/dev/null || true)
if [ -n "$up" ] && grep -qa up.sh "/proc/$up/cmdline" 2>/dev/null; then kill -KILL "$up"; fi

# Each pid is the parent of a machine's PID 1, and lets SIGTERM pass. With PID 1, the kernel ends all processes of that
# machine and drops its mounts.
for file in "$KUBE_STATE"/pid/*; do
  [ -e "$file" ] || continue
  # Only if it is still ours: a number may have been given to another process since.
  grep -qa unshare "/proc/$(cat "$file")/cmdline" 2>/dev/null || continue
  init=$(init_of "$(basename "$file")") || continue
  kill -KILL "$init"
  for _ in $(seq 200); do
    [ -e "/proc/$init" ] || break
    sleep 0.05
  done
done
for path in /run/netns/"$KUBE_NAME"-{hub,client,node[1-9]}; do
  [ ! -e "$path" ] || ip netns del "$(basename "$path")"
done
# A cgroup can be removed once its last process is gone.
for _ in $(seq 100); do
  for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ ! -d "$tree/$KUBE_NAME" ] || find "$tree/$KUBE_NAME" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  ls -d /sys/fs/cgroup/"$KUBE_NAME" /sys/fs/cgroup/*/"$KUBE_NAME" >/dev/null 2>&1 || break
  sleep 0.1
done
[ ! -d "$KUBE_STATE" ] || rm -rf --one-file-system "$KUBE_STATE"
[ ! -d "/tmp/$KUBE_NAME-volumes" ] || rmdir --ignore-fail-on-non-empty "/tmp/$KUBE_NAME-volumes"
echo "down after $(since "$start")"
