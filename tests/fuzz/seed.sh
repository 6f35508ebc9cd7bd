#!/usr/bin/env bash
# Fills corpus/<target>/ (not in git) with small files of the fetched corpus and of tests/data.
set -euo pipefail
cd "$(dirname "$0")"
corpus=$(../corpus/fetch.sh)
traces=$(../corpus/fetch_traces.sh)
data=../data/go_forms
largest=100000

seed() {  # seed TARGET FILE...: copies what is not large, named by content
  local target=$1 file
  shift
  mkdir -p "corpus/$target"
  for file in "$@"; do
    if [[ -f $file && $(stat -c %s "$file") -le $largest ]]; then
      name=$(sha1sum "$file" | cut -c1-16)
      cp "$file" "corpus/$target/$name"
    fi
  done
}

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cp "$corpus"/fastdelta/*.pprof "$made"
for file in "$data"/*/*.txt; do
  folder=$(dirname "$file")
  packed=$made/${folder##*/}.${file##*/}.gz
  gzip -c "$file" >"$packed"
done

seed fuzz_pprof "$made"/*.pprof
seed fuzz_pprof_text "$data"/*/*.debug1.txt "$corpus"/google-pprof/profile/*.{heap,thread,contention}
seed fuzz_go_text "$data"/*/{goroutine.debug2,crash}.txt "$corpus"/gostackparse/*.txt
seed fuzz_go_vars "$data"/*/vars.json
seed fuzz_go_metrics "$data"/*/metrics.txt
# The first byte says in which pieces a trace is read.
for file in "$traces"/*.trace "$traces"/*_good; do
  { printf 'z'; cat "$file"; } >"$made/$(basename "$file").piece"
done
seed fuzz_go_trace "$made"/*.piece
seed fuzz_inflate "$made"/*.gz
seed fuzz_any "$made"/*.{pprof,gz} "$traces"/* "$data"/*/* "$corpus"/google-pprof/profile/*

# The first byte says which file, packed or not, and how it is cut.
report='{"schema":"edp.report/v1","findings":[{"rule":"GO-X","evidence":[{"figure":1.5e3}]}]}'
printf 'p%s' "$report" >"$made/upload.json"
printf 'q<!DOCTYPE html><html></html>' >"$made/upload.html"
{ printf 'r'; printf '%s' "$report" | gzip -cn; } >"$made/upload.json.packed"
printf 'p{"version":"4","alerts":[{"status":"firing","fingerprint":"a","labels":{"a":"b"},"startsAt":"2026-01-02T03:04:05Z"}]}' \
  >"$made/upload.alert"
seed fuzz_upload "$made"/upload.*
seed fuzz_kubeconfig kubeconfig/*
