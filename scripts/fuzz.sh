#!/usr/bin/env bash
# Runs fuzz targets for the given seconds each: all, or those named (pprof, watch_stream). A finding is kept in
# build/fuzz/findings. Called by `./edp fuzz`.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET...]}
shift
mkdir -p build/fuzz/findings
tests/fuzz/seed.sh
failed=0
if [ $# -eq 0 ]; then
  mapfile -t names < <(basename -a build/fuzz/bin/fuzz_* | sed 's/^fuzz_//')
  set -- "${names[@]}"
fi
for target in "${@/#/build/fuzz/bin/fuzz_}"; do
  name=$(basename "$target")
  mkdir -p "build/fuzz/corpus/$name"
  printf '\n-- %s for %s s\n' "$name" "$seconds"
  "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$name-" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" \
    > "build/fuzz/$name.log" 2>&1 || { failed=1 && echo "FAILED, see build/fuzz/$name.log:" && tail -n 3 "build/fuzz/$name.log"; }
  grep -E 'stat::number_of_executed_units|stat::peak_rss_mb|SUMMARY|ERROR' "build/fuzz/$name.log" || true
done
exit $failed
