#!/usr/bin/env bash
# Everything that a change must pass; each part runs even when one before it failed. Called by `./edp test`.
#   scripts/test.sh          linters, unit and golden tests (plain, ASan+UBSan, TSan where threads are), the page in
#                            Chromium, parity with go tool pprof and go tool trace, the symbols of real Go programs, a slice of the
#                            workload matrix; masking, audit, pipeline; the chart and its alerts; the operator on a real
#                            Kubernetes: rights, faults around it, its tickets, and the whole way on two nodes
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

# A warning of the compiler fails it: it is mended, or switched off where it is known better.
part_build() {
  cmake --preset release > /dev/null && cmake --build --preset release -- --quiet 2>&1 | tee build/build.log &&
    ! grep -q ' warning: ' build/build.log
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
part_unit_tests() { tests/corpus/fetch.sh > /dev/null && tests/corpus/fetch_traces.sh > /dev/null && run_ctest release; }

part_unit_tests_asan_ubsan() {
  cmake --preset asan > /dev/null && cmake --build --preset asan -- --quiet && run_ctest asan
}

# The layers with threads of their own.
part_unit_tests_tsan() {
  local layers=(common collect run upload kube watch publish leader probe act serve control)
  local targets=("${layers[@]/#/edp_}")
  cmake --preset tsan > /dev/null &&
    cmake --build --preset tsan --target "${targets[@]/%/_test}" -- --quiet &&
    run_ctest tsan -R "^edp_($(IFS='|' && echo "${layers[*]}"))\."
}

part_page_in_chromium() { (cd console && npm test); }

part_command_line() { tests/cli/run.py "$runner"; }

part_parity_with_pprof() { tests/parity/run.py "$runner" ${full:+--full}; }

part_parity_with_go_tool_trace() { tests/parity/trace/run.py "$runner" ${full:+--full}; }

part_symbols_of_real_programs() { tests/workloads/symbols/verify.py --classifier build/release/bin/edp-classify-symbols; }

part_matrix() {
  tests/matrix/run_test.py || return
  if [ -n "$full" ]; then
    tests/matrix/run.py --runner "$runner" --full
  else
    tests/matrix/run.py --runner "$runner" --slice
  fi
}

part_masking() { tests/masking/run.py "$runner"; }

part_audit() { tests/audit/run.py build/release/bin && tests/audit/deliver.py build/release/bin; }

part_pipeline() { tests/pipeline/run.py "$runner"; }

part_stand_in_for_jira() { tests/jira/run.py ${full:+--full}; }

part_test_tools() { scripts/test-tools.sh; }

part_report_store_on_s3() { build/release/bin/edp_s3_test --gtest_brief=1; }

part_chart() { tests/chart/run.py > build/chart.log || {
  cat build/chart.log
  return 1
} && tail -n 1 build/chart.log; }

part_alerts() { tests/alerting/run.py; }

# Rights, admission and the kinds, as a real apiserver sees them.
part_rights() {
  local name=rights status=0
  tests/cluster/cluster.py down --name $name > /dev/null
  tests/cluster/cluster.py up --name $name --nodes 0 > build/rights.log || { cat build/rights.log && return 1; }
  KUBECONFIG=${XDG_CACHE_HOME:-$HOME/.cache}/edp-cluster/state/$name/kubeconfig tests/rbac/run.py >> build/rights.log || status=$?
  tests/cluster/cluster.py down --name $name > /dev/null
  if [ "$status" = 0 ]; then tail -n 1 build/rights.log; else cat build/rights.log; fi
  return "$status"
}

part_operator_and_faults() { tests/faults/run.py; }

part_tickets() { tests/tickets/run.py; }

part_end_to_end() { env -u KUBECONFIG ./edp e2e --slice; }

parts=(build lint unit_tests unit_tests_asan_ubsan unit_tests_tsan page_in_chromium command_line parity_with_pprof parity_with_go_tool_trace
  symbols_of_real_programs matrix masking audit test_tools pipeline stand_in_for_jira report_store_on_s3 chart alerts rights
  operator_and_faults tickets end_to_end)
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
