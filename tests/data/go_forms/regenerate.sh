#!/usr/bin/env bash
# Makes the files of this folder anew: regenerate.sh [GOTOOLCHAIN...]. One folder a toolchain.
set -euo pipefail
cd "$(dirname "$0")"
for toolchain in "${@:-go1.21.13}"; do
  mkdir -p "$toolchain"
  program=$(mktemp)
  GOTOOLCHAIN=$toolchain GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags=-s -o "$program" .
  "$program" "$toolchain"
  "$program" crash 2>"$toolchain/crash.txt" || true
  rm -f "$program"
done
