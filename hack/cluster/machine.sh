#!/usr/bin/env bash
# Run by up.sh as PID 1 of a machine's namespaces: machine.sh hub 0 | machine.sh nodeN N
# When it ends, the kernel ends every process of the machine, pods included.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
name=$1 n=$2 pki=$KUBE_STATE/pki conf=$KUBE_STATE/conf log=$KUBE_STATE/log
hostname "$name"
# kubelet needs shared mounts; nothing flows back to where this was started.
mount --make-rshared /
# Persistent volumes: one folder that all machines see, as a network disk.
mkdir -p "/tmp/$KUBE_NAME-volumes"
mount --bind "$KUBE_STATE/volumes" "/tmp/$KUBE_NAME-volumes"
if [ "$name" = hub ]; then . "$here/hub.sh"; else . "$here/node.sh"; fi
# One of its programs has ended: so does the machine.
wait -n
exit 1
