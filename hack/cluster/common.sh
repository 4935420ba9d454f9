# Sourced by every script of this folder: where things are, and the addresses of the test cluster. All may be set from outside.

KUBE_CACHE=${KUBE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chatmail-kube} # programs and images: worth keeping
KUBE_STATE=${KUBE_STATE:-$KUBE_CACHE/run}                               # one cluster's keys, logs, disks: down.sh removes it
KUBE_NAME=${KUBE_NAME:-chatmail}                                        # prefix of network namespaces and cgroups
KUBE_LAN=${KUBE_LAN:-203.0.113}                                         # documentation range: the cluster's "public" network
KUBE_PODS=${KUBE_PODS:-10.244}                                          # node N's pods get $KUBE_PODS.N.0/24
KUBE_SERVICES=${KUBE_SERVICES:-10.96}                                   # ClusterIPs: $KUBE_SERVICES.0.0/16

bin=$KUBE_CACHE/bin
hub_ip=$KUBE_LAN.1      # the switch; the control plane listens here
client_ip=$KUBE_LAN.100 # a host outside of the cluster
node_ip() { echo "$KUBE_LAN.$((10 + $1))"; }
api=https://$hub_ip:6443
dns_ip=$KUBE_SERVICES.0.10

export PATH="$bin:$PATH:/usr/sbin:/sbin"

die() {
  echo "$*" >&2
  exit 1
}
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }

# A node gets a /var and a /run of its own, so the files must lie elsewhere.
for dir in "$KUBE_CACHE" "$KUBE_STATE"; do
  case $dir in
    /var/* | /run/*) die "$dir: KUBE_CACHE and KUBE_STATE must lie outside of /var and /run" ;;
    /*) ;;
    *) die "$dir: KUBE_CACHE and KUBE_STATE must be absolute paths" ;;
  esac
done

# The process that is PID 1 inside a running machine.
init_of() {
  local parent child=
  parent=$(cat "$KUBE_STATE/pid/$1" 2>/dev/null) || die "no machine $1 runs"
  read -r child _ <"/proc/$parent/task/$parent/children" || [ -n "$child" ] || die "machine $1 has ended"
  echo "$child"
}

# Runs a command in the network of a machine; files and processes are those of this one. Not `ip netns exec`, which
# mounts a /sys of its own and so hides the cgroups.
net() { nsenter --net="/run/netns/$KUBE_NAME-$1" "${@:2}"; }
