#!/usr/bin/env bash
# Starts the demo service, diagnoses it for the given seconds, leaves build/demo/report.{json,html}.
# Called by `./edp demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:?usage: scripts/demo.sh SECONDS}
out=build/demo
mkdir -p "$out"

(cd demo && go build -buildvcs=false -o ../build/demo/sessions .)
# The service ends when its standard input closes, so it never outlives this script.
coproc SERVICE { exec "$out/sessions"; }
service_pid=$!
trap 'kill "$service_pid" 2> /dev/null || true' EXIT
read -r url <&"${SERVICE[0]}"
echo "service: $url (process $service_pid)"

echo "+ edp-runner --target $url --duration ${duration}s --output $out/report.json"
status=0
build/release/bin/edp-runner --target "$url" --duration "${duration}s" --output "$out/report.json" || status=$?
echo
echo "exit status: $status (0 nothing at the gate, 2 findings at or above it)"
echo "reports:     $out/report.json  $out/report.html"
[ "$status" = 2 ]
