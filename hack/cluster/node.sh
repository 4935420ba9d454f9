# Sourced by machine.sh: containerd, kubelet and kube-proxy, over a /var and a /run of the node's own.
disk=$KUBE_STATE/$name
mkdir -p "$disk"/var/{lib,log,tmp} "$disk/cni"
mount --bind "$disk/var" /var
ln -sfn /run /var/run
mount -t tmpfs tmpfs /run
mkdir -p /run/lock

# kubelet writes these settings of the whole machine and fails if it cannot: it gets files to write to instead.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/run/sysctl.$(basename "${setting%=*}")
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
. "$here/cgroups.sh"
. "$here/node-config.sh"

containerd --config "$disk/containerd.toml" >"$log/$name-containerd.log" 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
for image in "$KUBE_CACHE"/images/*.tar; do ctr -n k8s.io images import "$image" >/dev/null; done
kubelet --config="$disk/kubelet.yaml" --kubeconfig="$conf/$name.kubeconfig" --hostname-override="$name" \
  --node-ip="$(node_ip "$n")" --node-labels="topology.kubernetes.io/zone=zone$n" >"$log/$name-kubelet.log" 2>&1 &
kube-proxy --config="$disk/kube-proxy.yaml" >"$log/$name-kube-proxy.log" 2>&1 &
