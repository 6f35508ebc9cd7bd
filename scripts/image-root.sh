#!/usr/bin/env bash
# Lays out what EDP's image holds, below ROOT: both programs, the libraries that they load, certificates of public
# authorities, two users, and what scanners read to know the Debian packages in it. No shell, no compiler.
# Called by the Dockerfile and by scripts/image.sh --fast.
set -euo pipefail
root=${1:?usage: scripts/image-root.sh ROOT BIN_FOLDER}
bin=${2:?usage: scripts/image-root.sh ROOT BIN_FOLDER}
cd "$(dirname "$0")/.."

# /lib and /lib64 point into /usr, as they do on Debian.
mkdir -p "$root"/{etc/ssl/certs,tmp,usr/bin,usr/lib,usr/lib64,var/lib/dpkg/status.d}
ln -sfn usr/lib "$root/lib"
ln -sfn usr/lib64 "$root/lib64"
chmod 1777 "$root/tmp"

for program in edp-runner edp-operator; do
  strip --strip-all -o "$root/usr/bin/$program" "$bin/$program"
  chmod 755 "$root/usr/bin/$program"
done

# ldd prints "name => path (address)" for libraries, and the path alone for the loader.
libraries=$(ldd "$root"/usr/bin/* | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\/.*ld-linux/ {print $1}' | sort -u)
packages=(ca-certificates)
for library in $libraries; do
  install -m 755 -D "$(readlink -f "$library")" "$root/${library#/}"
  real=$(readlink -f "$library")
  # The package may have been unpacked to /lib or to /usr/lib: they are one folder.
  package=$( (dpkg-query -S "$real" || dpkg-query -S "${real#/usr}") 2> /dev/null | cut -d: -f1 | head -n 1)
  packages+=("${package:?no Debian package has $real}")
done

for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
  dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
  install -m 644 -D "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
install -m 755 scripts/edp-validate.sh "$root/usr/bin/edp-validate.sh"
install -m 644 -D LICENSE "$root/usr/share/doc/edp/copyright"

# Debian's own list, not the machine's, which may trust authorities of its owner.
cat /usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"
install -m 644 /etc/os-release "$root/etc/os-release"
cat > "$root/etc/passwd" << 'PASSWD'
root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin
PASSWD
cat > "$root/etc/group" << 'GROUP'
root:x:0:
nonroot:x:65532:
GROUP
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
