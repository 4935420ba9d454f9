#!/usr/bin/env bash
# Puts what a cluster is made of into the cache: Kubernetes, etcd, CoreDNS and helm from their Go modules, and two images.
# Does nothing when nothing has changed since; otherwise minutes the first time, seconds after that. Needs Go, no root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
helm=helm.sh/helm/v4/cmd/helm@v4.3.1
names='etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl'

mkdir -p "$bin" "$KUBE_CACHE/images"
stamp=$KUBE_CACHE/built
inputs=$(cd "$here" && cat build.sh image.sh kube/* coredns/* pause/* | sha256sum)
complete() {
  [ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ] || return
  for name in kube $names coredns pause helm; do [ -x "$bin/$name" ] || return; done
  for name in pause coredns; do [ -e "$KUBE_CACHE/images/${name}_1.tar" ] || return; done
}
if complete; then exit 0; fi

# Two builds at a time would both be slow, and the second finds everything done.
exec 9>"$KUBE_CACHE/lock"
flock 9
if complete; then exit 0; fi
command -v go >/dev/null || die 'Go 1.26 or newer is needed to build the test cluster: install it, then run this again.'
rm -f "$stamp"

# Static programs: no C compiler is needed, and they run in an image that holds nothing else.
export CGO_ENABLED=0
build() { # build NAME [LINKER-FLAGS]
  local start
  start=$(now)
  # By rename, since a cluster may be running the old one.
  (cd "$here/$1" && go build -trimpath -buildvcs=false -ldflags "-s -w ${2:-}" -o "$bin/$1.new" .)
  mv "$bin/$1.new" "$bin/$1"
  echo "$1: $(($(stat -c %s "$bin/$1") / 1048576)) MiB, $(since "$start")"
}
version=$(sed -n 's/^.*k8s.io\/kubernetes \(v1\.[0-9.]*\)$/\1/p' "$here/kube/go.mod")
minor=${version#v1.}
# Without these the API server calls itself v0.0.0 and fails.
x=k8s.io/component-base/version.git
build kube "-X ${x}Version=$version -X ${x}Major=1 -X ${x}Minor=${minor%%.*}"
for name in $names; do ln -sf kube "$bin/$name"; done
build coredns
build pause
start=$(now)
GOBIN=$bin go install -trimpath -ldflags '-s -w' "$helm"
echo "helm: $(since "$start")"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for name in pause coredns; do
  rm -rf "${root:?}"/*
  install -m 755 "$bin/$name" "$root/$name"
  "$here/image.sh" "localhost/$name:1" "{\"Entrypoint\":[\"/$name\"],\"User\":\"65532:65532\"}" "$root"
done
echo "$inputs" >"$stamp"
