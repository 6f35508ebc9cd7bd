#!/usr/bin/env bash
# Lays out the execution traces of Go's own tests, which are not ours to copy, from a toolchain that comes through the
# Go module proxy. Prints the folder. Cheap when all is there already.
#
#   *.trace      src/internal/trace/testdata/tests/*.test, turned from text into traces
#   *_good       the traces of the one-stream formats, Go 1.11 to 1.21
#   COMPLETE     the version of all that
set -euo pipefail
cd "$(dirname "$0")"

toolchain=go1.25.4
corpus=${XDG_CACHE_HOME:-$HOME/.cache}/edp/corpus-traces
is_complete() { [[ -f $corpus/COMPLETE && $(<"$corpus/COMPLETE") == "$toolchain" ]]; }

if ! is_complete; then
  command -v go >/dev/null || { echo "fetch_traces.sh: go is missing: run ./edp setup" >&2; exit 1; }
  # One fetches, others wait for it.
  mkdir -p "$(dirname "$corpus")"
  exec 9>"$corpus.lock"
  flock 9
  if ! is_complete; then
    new=$corpus.new.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p "$new"
    trace=$(cd / && GOTOOLCHAIN=$toolchain go env GOROOT)/src/internal/trace
    cp "$trace"/internal/tracev1/testdata/*_good "$new"
    chmod u+w "$new"/*
    for file in "$trace"/testdata/tests/*.test; do
      python3 ../parity/trace/testtrace.py "$file" "$new/$(basename "$file" .test).trace"
    done
    echo "$toolchain" >"$new/COMPLETE"
    rm -rf "$corpus"
    mv "$new" "$corpus"
  fi
fi
echo "$corpus"
