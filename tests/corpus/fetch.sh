#!/usr/bin/env bash
# Lays out the files that tests, fuzzing and benchmarks read and that are not ours to copy: other projects' test
# data, at pinned versions, through the Go module proxy. Prints the folder. Cheap when all is there already.
#
#   google-pprof/profile/       github.com/google/pprof  profile/testdata (with .string goldens)
#   google-pprof/driver/        github.com/google/pprof  internal/driver/testdata
#   default-pgo/go1.21.13.pgo   the Go toolchains' cmd/compile/default.pgo: real CPU profiles
#   gostackparse/               github.com/DataDog/gostackparse test-fixtures (goroutine dumps with goldens)
#   fastdelta/                  github.com/DataDog/dd-trace-go/v2 fastdelta/testdata (a large heap profile)
#   COMPLETE                    the versions of all that
set -euo pipefail

pprof=github.com/google/pprof@v0.0.0-20261016150608-1facf8f91b50
gostackparse=github.com/DataDog/gostackparse@v0.7.0
ddtrace=github.com/DataDog/dd-trace-go/v2@v2.12.0
toolchains=(go1.21.13 go1.23.12 go1.24.9)

corpus=${XDG_CACHE_HOME:-$HOME/.cache}/edp/corpus
versions="$pprof $gostackparse $ddtrace ${toolchains[*]}"

if [[ -f $corpus/COMPLETE && $(<"$corpus/COMPLETE") == "$versions" ]]; then
  echo "$corpus"
  exit 0
fi
command -v go >/dev/null || { echo "fetch.sh: go is missing: run ./edp setup" >&2; exit 1; }

# The folder of a module in the module cache. A module outside any go.mod: GOFLAGS and the working folder must not interfere.
module() {
  (cd / && GOFLAGS=-mod=mod GOWORK=off go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

# One fetches, others wait for it.
mkdir -p "$(dirname "$corpus")"
exec 9>"$corpus.lock"
flock 9
if [[ -f $corpus/COMPLETE && $(<"$corpus/COMPLETE") == "$versions" ]]; then
  echo "$corpus"
  exit 0
fi

new=$corpus.new.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new/google-pprof" "$new/default-pgo"

copy() {  # copy FROM TO: a folder, made writable
  [[ -d $1 ]] || { echo "fetch.sh: $1 is not there; is the Go module proxy reachable?" >&2; exit 1; }
  cp -r "$1" "$2"
  chmod -R u+w "$2"
}

dir=$(module "$pprof")
copy "$dir/profile/testdata" "$new/google-pprof/profile"
copy "$dir/internal/driver/testdata" "$new/google-pprof/driver"
dir=$(module "$gostackparse")
copy "$dir/test-fixtures" "$new/gostackparse"
dir=$(module "$ddtrace")
copy "$dir/profiler/internal/fastdelta/testdata" "$new/fastdelta"
for toolchain in "${toolchains[@]}"; do
  root=$(cd / && GOTOOLCHAIN=$toolchain go env GOROOT)
  cp "$root/src/cmd/compile/default.pgo" "$new/default-pgo/$toolchain.pgo"
  chmod u+w "$new/default-pgo/$toolchain.pgo"
done

echo "$versions" >"$new/COMPLETE"
rm -rf "$corpus"
mv "$new" "$corpus"
echo "$corpus"
