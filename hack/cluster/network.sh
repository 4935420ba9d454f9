# Sourced by up.sh: a bridge in the hub's network namespace, and a cable from it to each other machine. No namespace has
# a link to the network of this machine, so nothing can be sent outside.
join() { # join NAME IP
  ip netns add "$KUBE_NAME-$1"
  net "$1" ip link add eth0 type veth peer name "$1" netns "/run/netns/$KUBE_NAME-hub"
  net hub ip link set "$1" master lan up
  net "$1" ip link set lo up
  net "$1" ip addr add "$2/24" dev eth0
  net "$1" ip link set eth0 up
  net "$1" ip route add default via "$hub_ip"
}

ip netns add "$KUBE_NAME-hub"
net hub ip link set lo up
net hub ip link add lan type bridge
net hub ip addr add "$hub_ip/24" dev lan
net hub ip link set lan up
join client "$client_ip"
for ((n = 1; n <= nodes; n++)); do
  join "node$n" "$(node_ip "$n")"
  net "node$n" sysctl -qw net.ipv4.ip_forward=1
  # Pods reach other pods as they are, everything else behind their node's address.
  net "node$n" nft -f - <<NFT
table ip lan {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr $KUBE_PODS.$n.0/24 ip daddr != { $KUBE_PODS.0.0/16, $KUBE_SERVICES.0.0/16 } oifname eth0 masquerade
  }
}
NFT
  net hub ip route add "$KUBE_PODS.$n.0/24" via "$(node_ip "$n")"
  for ((m = 1; m < n; m++)); do
    net "node$n" ip route add "$KUBE_PODS.$m.0/24" via "$(node_ip "$m")"
    net "node$m" ip route add "$KUBE_PODS.$n.0/24" via "$(node_ip "$n")"
  done
done
# The API server calls webhooks by ClusterIP: a node translates those addresses for it.
[ "$nodes" = 0 ] || net hub ip route add "$KUBE_SERVICES.0.0/16" via "$(node_ip 1)"
