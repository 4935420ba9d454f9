#!/usr/bin/env bash
# What every image holds below the program: base.sh DIR NODE puts Node, the shared libraries that it needs and the names of
# its user into DIR, from this machine.
set -euo pipefail
root=$1 node=$2
install -D -m 755 "$node" "$root/usr/local/bin/node"
# ldd names the loader by its path, and libraries as "name => path".
ldd "$node" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib.*ld-/ { print $1 }' | sort -u |
  while read -r library; do install -D -m 755 "$library" "$root$library"; done
install -d -m 755 "$root/etc"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
# Without it the C library asks the DNS before it looks into /etc/hosts.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -d -m 1777 "$root/tmp"
