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
# The first byte draws the cuts; each event of a protobuf stream by itself is what the reader of pods takes.
{ printf 's'; cat ../data/kube/pods.watch.pb; } >"$made/watch.pb"
{ printf 's'; cat ../data/kube/pods.watch.json; } >"$made/watch.json"
python3 - ../data/kube/pods.watch.pb "$made" <<'PYTHON'
import pathlib
import sys

stream = pathlib.Path(sys.argv[1]).read_bytes()
for i, part in enumerate(stream.split(b"k8s\0")[1:]):
    pathlib.Path(sys.argv[2], f"pod.{i}.pb").write_bytes(b"k8s\0" + part)
PYTHON
seed fuzz_watch_stream "$made"/watch.*
seed fuzz_pod "$made"/pod.*.pb
seed fuzz_kubeconfig kubeconfig/*

# The first byte says in what pieces.
printf '\7card 622848123456781234, 4111 1111 1111 1111 tel +86 138-1234-5678\nAuthorization: Bearer a1b2c3d4e5 a@example.com' >"$made/mask.1"
printf '\3{"password": "x", "url": "postgres://a:b@c/d", "jwt": "eyJhbGciOiJIU.eyJzdWIiOi.x"}\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----' >"$made/mask.2"
seed fuzz_mask "$made"/mask.*

# Steps of tampering; and, behind a zero, a stream.
printf '\1\0\5\0' >"$made/audit.1"
printf '\1\2\3\11\3\4\20' >"$made/audit.2"
printf '\1\1\7\11\4\3\3\5\20\0' >"$made/audit.3"
printf '\0{"act":"x","prev":"%064d","seq":1,"stream":"%032d","time":"t","v":1}\n' 0 0 >"$made/audit.4"
seed fuzz_audit "$made"/audit.*

# Objects and streams as an apiserver 1.37 sent them; of a stream the first byte draws the cuts.
seed fuzz_pod kubernetes/*_pod.json
for file in kubernetes/list.json kubernetes/watch.jsonl; do
  { printf '\1'; cat "$file"; } >"$made/cut.${file##*/}"
done
seed fuzz_watch_stream "$made"/cut.*
