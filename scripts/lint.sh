#!/usr/bin/env bash
# Formatters and linters over everything git tracks; fails on any finding. Called by `./edp lint`.
# shellcheck disable=SC2317 # the checks are called by name
set -euo pipefail
cd "$(dirname "$0")/.."

tracked() { git ls-files --cached --others --exclude-standard "$@"; }

check_clang_format() { tracked '*.cc' '*.h' | xargs clang-format-19 --dry-run --Werror; }

check_shellcheck() { tracked '*.sh' edp .ci/run | xargs shellcheck; }

check_go() {
  local unformatted dir
  unformatted=$(tracked '*.go' | xargs -r gofmt -l)
  if [ -n "$unformatted" ]; then
    printf 'gofmt would change:\n%s\n' "$unformatted" >&2
    return 1
  fi
  # Not the module of Kubernetes: vet would read all of it, for minutes. `./edp cluster build` compiles ours.
  for dir in $(tracked '*go.mod' | xargs -r -n1 dirname); do
    [ "$dir" = tests/cluster/kube ] || (cd "$dir" && go vet ./...) || return 1
  done
}

# A build has installed the packages already.
check_console() { (cd console && { [ -d node_modules ] || npm ci --silent --no-audit --no-fund; } && npm run --silent lint); }

# Reads each file with all its headers: some minutes on two cores. Tests are left to the compilers' warnings.
check_clang_tidy() {
  cmake --preset dev > /dev/null || return 1
  run-clang-tidy-19 -quiet -p build/dev -j "$(nproc)" "$PWD/(common|runner|operator|bench|tests)/.*(?<!_test)\.cc$" \
    > build/tidy.log 2> build/tidy.err && return 0
  grep -E '(warning|error):' build/tidy.log | sort -u >&2
  return 1
}

failed=0
for check in clang_format shellcheck go console clang_tidy; do
  printf -- '-- %s\n' "${check//_/-}"
  "check_$check" || failed=1
done
exit $failed
