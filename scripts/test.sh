#!/usr/bin/env bash
# Everything that a change must pass; each part runs even when one before it failed. Called by `./edp test`.
#   scripts/test.sh          linters, unit and golden tests (plain, ASan+UBSan, TSan where threads are), the page in
#                            Chromium, parity with go tool pprof, the symbols of real Go programs, a slice of the
#                            workload matrix
#   scripts/test.sh --full   all comparisons, the whole matrix
# shellcheck disable=SC2317 # the parts are called by name
set -euo pipefail
cd "$(dirname "$0")/.."
full=${1:-}
case $full in '' | --full) ;; *)
  echo "usage: scripts/test.sh [--full]" >&2
  exit 1
  ;;
esac
runner=build/release/bin/edp-runner

part_build() {
  cmake --preset release > /dev/null && cmake --build --preset release -- --quiet
}

part_lint() { scripts/lint.sh; }

# Hundreds of tests: their names go to a log, failures and the closing lines to the terminal.
run_ctest() {
  local preset=$1 log=build/$1/ctest.log
  shift
  if ctest --preset "$preset" --no-label-summary -j 2 "$@" > "$log" 2>&1; then
    tail -n 4 "$log"
  else
    grep -vE ' Passed |^ +Start ' "$log" | tail -n 200
    return 1
  fi
}

# Some decode tests read other projects' profiles.
part_unit_tests() { tests/corpus/fetch.sh > /dev/null && run_ctest release; }

part_unit_tests_asan_ubsan() {
  cmake --preset asan > /dev/null && cmake --build --preset asan -- --quiet && run_ctest asan
}

# The layers with threads of their own.
part_unit_tests_tsan() {
  cmake --preset tsan > /dev/null &&
    cmake --build --preset tsan --target edp_common_test edp_collect_test edp_run_test -- --quiet &&
    run_ctest tsan -R '^edp_(common|collect|run)\.'
}

part_page_in_chromium() { (cd console && npm test); }

part_command_line() { tests/cli/run.py "$runner"; }

part_parity_with_pprof() { tests/parity/run.py "$runner" ${full:+--full}; }

part_symbols_of_real_programs() { tests/workloads/symbols/verify.py --classifier build/release/bin/edp-classify-symbols; }

part_matrix() {
  tests/matrix/run_test.py || return
  if [ -n "$full" ]; then
    tests/matrix/run.py --runner "$runner" --full
  else
    tests/matrix/run.py --runner "$runner" --slice
  fi
}

parts=(build lint unit_tests unit_tests_asan_ubsan unit_tests_tsan page_in_chromium command_line parity_with_pprof symbols_of_real_programs matrix)
summary=()
failed=0
for part in "${parts[@]}"; do
  name=${part//_/ }
  printf '\n== %s\n' "$name"
  began=$SECONDS
  if "part_$part"; then result=ok; else
    result=FAILED
    failed=$((failed + 1))
  fi
  summary+=("$(printf '%-28s %-7s %4d s' "$name" "$result" $((SECONDS - began)))")
done

printf '\n== summary (%d s)\n' "$SECONDS"
printf '%s\n' "${summary[@]}"
printf '%d passed, %d failed\n' $((${#parts[@]} - failed)) "$failed"
[ "$failed" = 0 ]
