#!/usr/bin/env bash
# Decoders side by side with their peers, in one run each. Called by `./edp bench`.
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=$(tests/corpus/fetch.sh)
export EDP_BENCH_PROFILE=${EDP_BENCH_PROFILE:-$corpus/default-pgo/go1.24.9.pgo}
for program in build/release/bin/bench_*; do
  printf '\n-- %s\n' "$(basename "$program")"
  "$program" --benchmark_min_time=0.5
done
printf '\n-- edp-runner top against go tool pprof -top\n'
bench/pprof_vs_go.py "$@"
printf '\n-- the reader of execution traces against golang.org/x/exp/trace\n'
bench/trace_vs_go.py
printf '\n-- edp-runner mask against perl and sed\n'
bench/masking.py
