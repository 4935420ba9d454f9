# Sourced by node.sh: what containerd, the network plugins, kubelet and kube-proxy are told.
cni_bin=/usr/lib/cni # Debian, Ubuntu
[ -x $cni_bin/ptp ] || cni_bin=/opt/cni/bin
# ptp: one cable and host route a pod. With a bridge, pods of one node would reach each other's Service only with
# bridge-nf-call-iptables=1.
cat >"$disk/cni/10-lan.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "lan", "plugins": [
  {"type": "ptp", "mtu": 1500, "ipMasq": false,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$KUBE_PODS.$n.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
cat >"$disk/containerd.toml" <<TOML
version = 2
oom_score = 0
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true   # lowering the score needs CAP_SYS_RESOURCE, which a sandbox may lack
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni_bin"
    conf_dir = "$disk/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
TOML
echo "nameserver $hub_ip" >"$disk/resolv.conf" # what the node itself asks: knows no cluster names
cat >"$disk/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$pki/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: "$pki/$name.crt"
tlsPrivateKeyFile: "$pki/$name.key"
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs           # no systemd is needed
cgroupRoot: $cgroup
failCgroupV1: false                # the default refuses cgroup v1 since 1.35
failSwapOn: false
oomScoreAdj: 0                     # a lower one needs CAP_SYS_RESOURCE
clusterDNS: ["$dns_ip"]
clusterDomain: cluster.local
resolvConf: "$disk/resolv.conf"
syncFrequency: ${KUBE_SYNC:-2s}    # how soon a changed Secret reaches a running pod (default 1m)
imageGCHighThresholdPercent: 100   # images cannot be pulled again: none is ever removed
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%"}
registryPullQPS: 0
YAML
cat >"$disk/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: $KUBE_PODS.0.0/16
hostnameOverride: $name
clientConnection: {kubeconfig: "$conf/proxy.kubeconfig"}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
