#!/usr/bin/env bash
# Puts httplib.h into the user's cache folder: Debian's newer source package of cpp-httplib with Debian's
# security fixes. Debian 12's own 0.11.4 lets oversized headers and chunked bodies through.
# The upstream part is checked by hash here, the fixes by the signature of Debian's archive.
set -euo pipefail

version=0.18.7
upstream_sha256=c88f6495da71e778c82c22995b547a92ceb41cc4016f9028df67106a24b9210d
suite=trixie
target=${XDG_CACHE_HOME:-$HOME/.cache}/edp/cpp-httplib

if [ -e "$target/httplib.h" ] && grep -qs "$upstream_sha256" "$target/source.sha256"; then
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/lists/partial "$work"/cache/archives/partial
# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
if [ -z "$mirror" ]; then
  echo "fetch-httplib: apt knows no Debian mirror; run apt-get update first" >&2
  exit 1
fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$keyring] $mirror $suite main" > "$work/sources.list"
apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
  -o APT::Sandbox::User="$(id -un)")
"${apt[@]}" update
(cd "$work" && "${apt[@]}" source --download-only cpp-httplib)

orig=$work/cpp-httplib_$version.orig.tar.xz
if ! echo "$upstream_sha256  $orig" | sha256sum --check --status; then
  echo "fetch-httplib: cpp-httplib $version in $suite is not the one this project was tested with" >&2
  echo "  expected sha256 $upstream_sha256; found:" >&2
  (cd "$work" && sha256sum ./*.orig.tar.* >&2)
  exit 1
fi
source_dir=$work/source
mkdir "$source_dir"
tar -xf "$orig" --strip-components=1 -C "$source_dir"
tar -xf "$work"/cpp-httplib_"$version"-*.debian.tar.xz -C "$work"
while read -r patch; do
  case $patch in '' | \#*) continue ;; esac
  patch -s -d "$source_dir" -p1 < "$work/debian/patches/$patch"
done < "$work/debian/patches/series"

mkdir -p "$target"
cp "$source_dir/httplib.h" "$source_dir/LICENSE" "$target/"
echo "$upstream_sha256  cpp-httplib $version" > "$target/source.sha256"
echo "cpp-httplib $version is in $target"
