#!/bin/sh
# Proves that a ticket's fault is gone: the same checks again, on the same workload.
#   edp-validate.sh TICKET [-n NAMESPACE] [...]        in a cluster; TICKET is a DiagnosticTicket or its issue's key
#   edp-validate.sh --before REPORT.json --target T [...]   without an operator: edp-runner diagnoses T; nothing is signed
# Exit status: 0 gone under comparable load, 2 still there, 3 can't tell (load not comparable, rule not judged, target
# gone), 1 wrong use.
set -eu
runner=${EDP_RUNNER:-edp-runner}
usage() {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 1
}
[ $# -gt 0 ] || usage
case $1 in
  -h | --help) usage ;;
  --before) ;;
  -*) usage ;;
  *) exec "$runner" kubectl validate "$@" ;;
esac

before=
fingerprint=
target=
while [ $# -gt 0 ]; do
  case $1 in
    --before) [ $# -gt 1 ] || usage; before=$2; shift 2 ;;
    --fingerprint) [ $# -gt 1 ] || usage; fingerprint=$2; shift 2 ;;
    --target) [ $# -gt 1 ] || usage; target=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "edp-validate.sh: unknown option $1 (options of edp-runner come after --)" >&2; usage ;;
  esac
done
if [ -z "$before" ] || [ -z "$target" ]; then usage; fi
[ -r "$before" ] || { echo "edp-validate.sh: $before can't be read" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The gate's own status (2) is not what is asked here; 1 is an error, 3 a target that can't be diagnosed.
status=0
"$runner" --target "$target" --output "$work/after.json" "$@" > "$work/log" 2>&1 || status=$?
case $status in
  0 | 2) ;;
  *) cat "$work/log" >&2; exit "$status" ;;
esac
status=0
"$runner" validate --before "$before" --after "$work/after.json" ${fingerprint:+--fingerprint "$fingerprint"} || status=$?
exit "$status"
