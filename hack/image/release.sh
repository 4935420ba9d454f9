#!/usr/bin/env bash
# Builds the image of a release for amd64 and arm64 and pushes it: release.sh NAME:TAG [BUILDX-ARGUMENTS]
# Needs Docker with buildx, and to be logged in to where the name lies.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || {
  echo 'usage: release.sh NAME:TAG [BUILDX-ARGUMENTS]' >&2
  exit 64
}
name=$1
shift
exec docker buildx build --platform linux/amd64,linux/arm64 --provenance=true --sbom=true --tag "$name" --push "$@" .
