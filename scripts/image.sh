#!/usr/bin/env bash
# Builds EDP's image into build/image/ as a docker-archive, which `ctr images import` and `podman load` read.
#   scripts/image.sh         the Dockerfile, by podman, without a registry: its base is made by mmdebstrap -> edp.tar
#   scripts/image.sh --fast  the programs of build/release in the same layout, in seconds             -> edp-fast.tar
# Called by `./edp image`.
set -euo pipefail
cd "$(dirname "$0")/.."
limit_mb=60
out=build/image
version=$(sed -n 's/^project(edp VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
revision=$(git rev-parse HEAD 2> /dev/null || echo unknown)
name=localhost/edp:$version
mkdir -p "$out"

build_fast() {
  archive=$out/edp-fast.tar
  local root
  root=$(mktemp -d)
  trap 'rm -rf "$root"' RETURN
  chmod 755 "$root"
  scripts/image-root.sh "$root" build/release/bin
  # What the Dockerfile says of the image; tests/e2e holds both against each other.
  tests/cluster/pack.py --name "$name" --root "$root" --user 65532:65532 --entrypoint /usr/bin/edp-runner \
    --label org.opencontainers.image.title=edp \
    --label "org.opencontainers.image.description=Finds out why a service in a Kubernetes cluster is slow, and says so" \
    --label org.opencontainers.image.licenses=Apache-2.0 \
    --label "org.opencontainers.image.version=$version" --label "org.opencontainers.image.revision=$revision" "$archive"
}

# Storage of its own, so that images of this machine's user are neither seen nor touched.
setup_podman() {
  local store=${XDG_CACHE_HOME:-$HOME/.cache}/edp-image
  mkdir -p "$store"
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' "$store" "$store" > "$store/storage.conf"
  # FROM debian:bookworm-slim means the one made below; nothing is ever asked of a registry.
  printf 'unqualified-search-registries = []\nshort-name-mode = "disabled"\n[aliases]\n"debian" = "localhost/debian"\n' > "$store/registries.conf"
  export CONTAINERS_STORAGE_CONF=$store/storage.conf CONTAINERS_REGISTRIES_CONF=$store/registries.conf
  podman=(podman --cgroup-manager=cgroupfs --runtime=runc)
}

make_base() {
  "${podman[@]}" image exists localhost/debian:bookworm-slim && return 0
  local mirror
  echo "Making the base image with mmdebstrap"
  # shellcheck disable=SC2016 # apt expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' bookworm - "$mirror" |
    "${podman[@]}" import --quiet --change 'CMD ["/bin/bash"]' - localhost/debian:bookworm-slim > /dev/null
}

build_dockerfile() {
  archive=$out/edp.tar
  setup_podman
  make_base
  # Where this machine trusts an authority of its own, the build does so too; the image does not.
  local secrets=()
  [ -z "${SSL_CERT_FILE:-}" ] || secrets=(--secret "id=ca,src=$SSL_CERT_FILE")
  # The limits are those that a sandbox may set.
  echo "Building by the Dockerfile; log: $out/build.log"
  "${podman[@]}" build --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --network=host --pull=never "${secrets[@]}" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --tag "$name" . > "$out/build.log" 2>&1 || {
    tail -n 40 "$out/build.log" >&2
    return 1
  }
  rm -f "$archive"
  "${podman[@]}" save --quiet --format docker-archive --output "$archive" "$name"
}

case ${1:-} in
  '') build_dockerfile ;;
  --fast) build_fast ;;
  *)
    echo "usage: scripts/image.sh [--fast]" >&2
    exit 1
    ;;
esac
compressed=$(gzip --fast --stdout "$archive" | wc -c)
printf '%s: %s, %d MB, %d MB compressed\n' "$archive" "$name" $(($(stat --format %s "$archive") / 1000000)) $((compressed / 1000000))
[ "$compressed" -lt $((limit_mb * 1000000)) ] || {
  echo "image: more than $limit_mb MB compressed" >&2
  exit 1
}
