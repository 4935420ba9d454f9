#!/usr/bin/env bash
# Makes an image of folders, without root rights, daemon or network, and gives it to the cluster if one runs:
#   image.sh NAME CONFIG DIR…
#   NAME    localhost/chatmail-operator:dev
#   CONFIG  JSON of the image's configuration: {"Entrypoint": ["/bin/x"], "User": "65532:65532", "Env": ["A=b"]}
#   DIR     the content of one layer, from the lowest up
# The same files give the same bytes. The image stays in the cache, from which each new node takes all that are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
[ $# -ge 3 ] || die "usage: image.sh NAME CONFIG DIR…"
name=$1 config=$2
shift 2
mkdir -p "$KUBE_CACHE/images"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/oci/blobs/sha256"

tar_of() { # tar_of FILE DIR: in a fixed order, owned by root
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -cf "$1" -C "$(realpath "$2")" .
}
blob() { # blob FILE: moves it into the layout, prints "digest":…,"size":…
  local sum size
  sum=$(sha256sum "$1" | cut -d' ' -f1) size=$(stat -c %s "$1")
  mv "$1" "$work/oci/blobs/sha256/$sum"
  echo "\"digest\":\"sha256:$sum\",\"size\":$size"
}
type=application/vnd.oci.image
layers='' diffs=''
for dir in "$@"; do
  tar_of "$work/layer" "$dir"
  layer=$(blob "$work/layer")
  layers+=",{\"mediaType\":\"$type.layer.v1.tar\",$layer}"
  diffs+=",$(sed 's/"digest":\("[^"]*"\).*/\1/' <<<"$layer")"
done
arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
  "$arch" "$config" "${diffs#,}" >"$work/config"
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[%s]}' \
  $type $type "$(blob "$work/config")" "${layers#,}" >"$work/manifest"
# The first annotation is the name that containerd imports it under, the second what other tools read.
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' \
  $type "$(blob "$work/manifest")" "$name" "${name##*:}" >"$work/oci/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
file=$KUBE_CACHE/images/$(tr '/:' '__' <<<"${name#localhost/}").tar
tar_of "$file.$$" "$work/oci"
mv "$file.$$" "$file"
echo "$file ($(($(stat -c %s "$file") / 1024)) KiB)"
for pid in "$KUBE_STATE"/pid/node*; do
  [ ! -e "$pid" ] || "$here/with.sh" "$(basename "$pid")" ctr -n k8s.io images import "$file" >/dev/null
done
