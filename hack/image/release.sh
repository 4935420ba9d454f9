#!/usr/bin/env bash
# Builds the images of a release for amd64 and arm64 and pushes them: release.sh NAME:TAG [BUILDX-ARGUMENTS]
# NAME:TAG-coturn is the same with coturn beside the program, for servers of that engine.
# Needs Docker with buildx, and to be logged in to where the name lies.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || {
  echo 'usage: release.sh NAME:TAG [BUILDX-ARGUMENTS]' >&2
  exit 64
}
name=$1
shift
build() { docker buildx build --platform linux/amd64,linux/arm64 --provenance=true --sbom=true --push "$@" .; }
build --target server --tag "$name" "$@"
build --target coturn --tag "$name-coturn" "$@"
